"""The tower and its rules of the house."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import import_module

from core.db import Base
from core.events import UnitEvent
from tests.architecture.sources import PACKAGES, ROOT, attribute_calls, imports, modules

_FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc", "manager", "managers"}
_LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def test_import_contracts_are_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LINT, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_core_db_commits() -> None:
    offenders = {
        f"{path}:{call.lineno}"
        for path, tree in modules().items()
        for call in attribute_calls(tree, "commit", "begin", "begin_nested")
        if path not in ("core/db.py", "migrations/__init__.py") and not _is_index_writer(call)
        if not _is_service(call)
        if not path.startswith("exchange/gateway/")  # it holds no database, as the next test says
    }
    assert offenders == set()


def _is_service(call: ast.Call) -> bool:
    """``checkout.begin(uow, …)``: a function of ours, which is handed the unit."""
    return bool(call.args) and isinstance(call.args[0], ast.Name) and call.args[0].id == "uow"


def test_a_gateway_holds_no_database_and_no_framework() -> None:
    program = (
        "import sys; from importlib import import_module; import_module('exchange.gateway.__main__'); "
        "print([name for name in ('sqlalchemy', 'flask', 'marshmallow', 'core.db') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def _is_index_writer(call: ast.Call) -> bool:
    """The embedded search index has a commit of its own, by an object that everybody calls ``writer``."""
    return isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value).endswith("writer")


def test_only_core_settings_reads_the_environment() -> None:
    offenders = {
        f"{path}:{node.lineno}"
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "getenvb", "putenv"))
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {a.name for a in node.names} & {"environ", "getenv"}
        )
        if path != "core/settings.py"
    }
    assert offenders == set()


def test_only_core_clock_reads_the_time() -> None:
    """Logs and the ids' timestamps are about the machine, not about the exchange."""
    allowed = {"core/clock.py", "core/ids.py", "exchange/logs.py", "compliance/audit/verifier.py"}
    offenders = {
        f"{path}:{call.lineno}"
        for path, tree in modules().items()
        for call in attribute_calls(tree, "now", "utcnow", "today")
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in ("datetime", "date")
        if path not in allowed and not path.startswith("exchange/demo/")
    }
    assert offenders == set()


def test_no_floating_point_column() -> None:
    import_module("migrations.models")
    offenders = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if {kind.__name__ for kind in type(column.type).__mro__} & {"Float", "Numeric", "Double", "REAL"}
        and not {kind.__name__ for kind in type(column.type).__mro__} & {"Integer"}
    }
    assert offenders == set()


def test_times_come_in_through_fields_with_bounds() -> None:
    """A day of the year 1 or 9999 overflows as soon as a zone is applied to it."""
    offenders = {
        f"{path}:{call.lineno}"
        for path, tree in modules().items()
        for call in attribute_calls(tree, "Date", "DateTime", "NaiveDateTime", "AwareDateTime")
        if ast.unparse(call.func).startswith("fields.") and path != "core/fields.py"
    }
    assert offenders == set()


def test_no_shapeless_module_names() -> None:
    offenders = [path for path in modules() if set(re.split(r"[/.]", path)) & _FORBIDDEN_NAMES]
    assert offenders == []


def test_across_a_package_border_only_the_shared_files_are_imported() -> None:
    """Models, schemas and views are private: nobody reaches past service, queries, types, events, errors."""
    offenders = {
        f"{path} imports {name}"
        for path, tree in modules().items()
        for name in imports(tree)
        if (parts := name.split("."))[0] in PACKAGES[1:-1]
        and parts[0] != path.split("/")[0]
        and not path.startswith("migrations/")
        and set(parts[2:]) & {"models", "schemas", "views", "handlers"}
    }
    assert offenders == set()


def test_the_demo_player_knows_only_the_public_api() -> None:
    trees = {path: tree for path, tree in modules().items() if path.startswith("exchange/demo/player")}
    offenders = {
        f"{path} imports {name}"
        for path, tree in trees.items()
        for name in imports(tree)
        if name.split(".")[0] in PACKAGES and not name.startswith("exchange.demo")
    }
    assert trees
    assert offenders == set()


def test_the_verifier_is_one_file_of_standard_library_and_cryptography() -> None:
    tree = modules()["compliance/audit/verifier.py"]
    foreign = {name.split(".")[0] for name in imports(tree)} - set(sys.stdlib_module_names) - {"cryptography"}
    assert foreign == set()


def test_event_fields_travel_as_json() -> None:
    from exchange.generated_docs import all_events

    allowed = re.compile(r"(str|int|bool|None|tuple\[(str|int), \.\.\.\])( \| (str|int|bool|None))*")
    offenders = {
        f"{event.__name__}.{name}: {kind}"
        for event in all_events()
        if not issubclass(event, UnitEvent)  # it never leaves its unit
        for name, kind in event.__annotations__.items()
        if not str(kind).startswith("ClassVar") and not allowed.fullmatch(str(kind))
    }
    assert offenders == set()


def test_no_validator_that_answers_no_instead_of_refusing() -> None:
    """Marshmallow 4 passes over what a validator answers: only a raised error refuses."""
    offenders = {
        f"{name}:{node.lineno}"
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "validate" and isinstance(node.value, ast.Lambda)
    }
    assert offenders == set()
