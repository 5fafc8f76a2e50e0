"""Public ids: spelling, order, and uniqueness under threads."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.ids import check_id, is_id, new_id


def test_an_id_is_a_prefix_and_26_characters_of_crockford() -> None:
    made = new_id("ord")
    assert len(made) == 30
    assert made.startswith("ord_")
    assert is_id("ord", made)
    assert not set(made[4:]) & set("ilou")


def test_ids_of_one_process_never_go_back() -> None:
    made = [new_id("lst") for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_threads_never_make_the_same_id() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [one for batch in pool.map(lambda _: [new_id("acc") for _ in range(500)], range(16)) for one in batch]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    "text",
    ["", "ord", "ord_", "lst_01jc9x2m5t7rqk8v4e6b0wz3np", "ord_81jc9x2m5t7rqk8v4e6b0wz3np",
     "ord_01jc9x2m5t7rqk8v4e6b0wz3nl", "ORD_01jc9x2m5t7rqk8v4e6b0wz3np", "ord_01jc9x2m5t7rqk8v4e6b0wz3np\n"],
)  # fmt: skip
def test_other_spellings_are_refused(text: str) -> None:
    assert not is_id("ord", text)
    with pytest.raises(ValueError, match="ord_"):
        check_id("ord", text)
