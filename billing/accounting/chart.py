"""The chart of accounts: codes and names as Chinese accounting standards have them, with English beside."""

from __future__ import annotations

from collections.abc import Mapping

from billing.accounting.types import ChartAccount
from billing.ledger.types import AccountKind

CHART: Mapping[AccountKind, ChartAccount] = {
    AccountKind.BANK_CLEARING: ChartAccount("1002", "Cash at bank", "银行存款"),
    AccountKind.PROCESSOR_CLEARING: ChartAccount("1012", "With the payment processor", "其他货币资金-支付机构"),
    AccountKind.BUYER_RECEIVABLE: ChartAccount("1122", "Accounts receivable", "应收账款"),
    AccountKind.CHARGEBACKS: ChartAccount("1221.01", "Taken back by banks", "其他应收款-拒付款"),
    AccountKind.REFUNDS: ChartAccount("1221.02", "Refunds", "其他应收款-退款"),
    AccountKind.BUYER_PREPAID: ChartAccount("2203", "Customers' prepayments", "预收账款"),
    AccountKind.UNEARNED: ChartAccount("2205", "Contract liabilities", "合同负债"),
    AccountKind.SUPPLIER_ON_HOLD: ChartAccount("2202.01", "Suppliers, on hold", "应付账款-待结算"),
    AccountKind.SUPPLIER_AVAILABLE: ChartAccount("2202.02", "Suppliers, available", "应付账款-可提现"),
    AccountKind.TAX_PAYABLE: ChartAccount("2221", "Taxes payable", "应交税费"),
    AccountKind.IN_FLIGHT: ChartAccount("2241", "On its way out", "其他应付款-在途款项"),
    AccountKind.PLATFORM_REVENUE: ChartAccount("6001", "Revenue", "主营业务收入"),
    AccountKind.PROCESSOR_FEES: ChartAccount("6603", "Processor's fees", "财务费用-手续费"),
    AccountKind.ROUNDING: ChartAccount("6711", "Rounding", "营业外支出-尾差"),
}
CASH = (AccountKind.BANK_CLEARING, AccountKind.PROCESSOR_CLEARING)
OWED = (
    AccountKind.BUYER_PREPAID, AccountKind.SUPPLIER_ON_HOLD, AccountKind.SUPPLIER_AVAILABLE, AccountKind.TAX_PAYABLE,
    AccountKind.IN_FLIGHT,
)  # fmt: skip
"""What the cash must cover."""
