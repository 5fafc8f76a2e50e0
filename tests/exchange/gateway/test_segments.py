"""The segment's bytes, held by a golden file, and what a reader makes of a segment that was cut anywhere."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.gateway import record, segments
from exchange.gateway.record import Address, Closing, Kind, Marks, Outcome, Usage
from exchange.gateway.segments import Header, MeterStopped, SegmentUnreadable, Writer

GOLDEN = Path(__file__).parent / "golden.seg"
EPOCH = "6b0820d1efd6b131"
ADDRESS = Address("ent_1", "ord_1", "org_1", "org_2", "lst_1", "查询", "key_1")


def usage(seq: int, kind: Kind = Kind.CALL, address: Address = ADDRESS) -> bytes:
    return record.usage(
        kind, bytes.fromhex(EPOCH), seq, 1_795_694_805_221_922, True, Outcome.HIT, 200, 1234, 5, 678, 9, 3,
        bytes(range(32)), address.pack(),
    )  # fmt: skip


def golden() -> bytes:
    header = Header(EPOCH, 7, 1_795_694_800_000_000, bytes(range(100, 132))).pack()
    marks = record.marks(Kind.CONFIRM, [1]) + record.marks(Kind.VOID, [2])
    return header + usage(1) + usage(2, Kind.FILE) + marks + record.closing(2)


def write_three(folder: Path) -> Path:
    writer = Writer(folder, EPOCH)
    for seq in (1, 2, 3):
        writer.append(usage(seq)).confirmed.append(seq)
    writer.close()
    return segments.segment_path(folder, EPOCH, 1)


def test_the_bytes_are_those_of_the_golden_file() -> None:
    assert golden() == GOLDEN.read_bytes()


def test_the_golden_file_reads_as_what_it_was() -> None:
    header = segments.read_header(GOLDEN)
    assert header == Header(EPOCH, 7, 1_795_694_800_000_000, bytes(range(100, 132)))
    call, file, confirm, void, closing = [found for found, _ in segments.read(GOLDEN)]
    assert isinstance(call, Usage)
    assert call.call_id == f"{EPOCH}-1"
    assert (call.kind, call.mode, call.outcome, call.status) == (Kind.CALL, "live", Outcome.HIT, 200)
    assert (call.latency_us, call.bytes_in, call.bytes_out, call.first_byte, call.records) == (1234, 5, 678, 9, 3)
    assert (call.plan_hash, call.address) == (bytes(range(32)).hex(), ADDRESS)
    assert isinstance(file, Usage)
    assert file.kind is Kind.FILE
    assert (confirm, void, closing) == (Marks(Kind.CONFIRM, (1,)), Marks(Kind.VOID, (2,)), Closing(2))


def test_salts_differ_by_call_and_by_segment() -> None:
    header = segments.read_header(GOLDEN)
    assert header is not None
    assert header.salt(1).hex() == "468667364cc20831a5d6d99009bb845d"
    assert len({header.salt(1), header.salt(2), record.salt(bytes(32), EPOCH, 1)}) == 3


def test_a_segment_cut_anywhere_reads_up_to_its_last_whole_record(tmp_path: Path) -> None:
    whole = write_three(tmp_path).read_bytes()
    ends = [end for _, end in segments.read(segments.segment_path(tmp_path, EPOCH, 1))]
    torn = tmp_path / "torn.seg"
    for cut in range(len(whole)):
        torn.write_bytes(whole[:cut])
        assert len(list(segments.read(torn))) == sum(1 for end in ends if end <= cut)


def test_a_flipped_bit_ends_what_is_read(tmp_path: Path) -> None:
    path = write_three(tmp_path)
    whole = bytearray(path.read_bytes())
    third = [end for _, end in segments.read(path)][1] + 20
    whole[third] ^= 1
    path.write_bytes(whole)
    assert len(list(segments.read(path))) == 2
    whole[10] ^= 1
    path.write_bytes(whole)
    with pytest.raises(SegmentUnreadable):
        list(segments.read(path))


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_after_the_header_are_no_harm(tmp_path_factory: pytest.TempPathFactory, tail: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "any.seg"
    path.write_bytes(golden()[: segments.HEADER_BYTES] + tail)
    list(segments.read(path))


@settings(max_examples=200)
@given(st.lists(st.text(max_size=60), min_size=7, max_size=7), st.integers(0, 2**64 - 1))
def test_what_is_written_is_read_again(texts: list[str], seq: int) -> None:
    framed = usage(seq, address=Address(*texts))
    found = record.parse(framed[record.FRAME.size :])
    assert isinstance(found, Usage)
    assert (found.seq, found.address, found.raw) == (seq, Address(*texts), framed[record.FRAME.size :])


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = write_three(tmp_path)
    everything = list(segments.read(path))
    for number, (_, end) in enumerate(everything):
        assert list(segments.read(path, end)) == everything[number + 1 :]


def test_a_segment_is_closed_when_its_calls_are_settled_and_a_confirmation_stands_beside_its_call(
    tmp_path: Path,
) -> None:
    writer = Writer(tmp_path, EPOCH, largest_bytes=500)
    first = writer.append(usage(1))
    writer.append(usage(2)).confirmed.append(2)
    second = writer.append(usage(3))
    assert first is not second
    assert not segments.closed(first.path)
    first.void.append(1)
    writer.flush()
    assert segments.closed(first.path)
    kinds = [found.kind for found, _ in segments.read(first.path) if isinstance(found, Marks)]
    assert sorted(kinds) == [Kind.CONFIRM, Kind.VOID]
    writer.close()
    assert not segments.closed(second.path), "call 3 was never settled"


def test_an_open_segment_makes_room_after_a_while(tmp_path: Path) -> None:
    writer = Writer(tmp_path, EPOCH, longest_open_s=60)
    first = writer.append(usage(1))
    first.confirmed.append(1)
    writer.tick(first.opened_at + 61)
    assert segments.closed(first.path)
    assert writer.current is not first
    writer.tick(writer.current.opened_at + 61)
    assert len(list(tmp_path.glob("*/*.seg"))) == 2, "an empty segment stays"


def test_thousands_of_confirmations_fit(tmp_path: Path) -> None:
    writer = Writer(tmp_path, EPOCH)
    for seq in range(10_000):
        segment = writer.append(usage(seq))
    segment.confirmed.extend(range(10_000))
    writer.close()
    confirmed = [seq for found, _ in segments.read(segment.path) if isinstance(found, Marks) for seq in found.seqs]
    assert confirmed == list(range(10_000))
    assert segments.closed(segment.path)


FULL = """
import resource, signal, sys
from pathlib import Path
from exchange.gateway.segments import MeterStopped, Writer
from tests.exchange.gateway.test_segments import EPOCH, usage
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer = Writer(Path(sys.argv[1]), EPOCH)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
written = 0
try:
    while True:
        writer.append(usage(written)).confirmed.append(written)
        written += 1
except MeterStopped:
    print(written)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
writer.append(usage(99)).confirmed.append(99)
writer.close()
"""


def test_of_a_record_that_does_not_fit_nothing_stays(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True,
    )  # fmt: skip
    written = int(done.stdout)
    assert 1 < written < 10
    found = [each for each, _ in segments.read(segments.segment_path(tmp_path, EPOCH, 1))]
    assert [each.seq for each in found if isinstance(each, Usage)] == [*range(written), 99]
    assert isinstance(found[-1], Closing)


def test_a_folder_that_cannot_be_written_stops_the_meter(tmp_path: Path) -> None:
    (tmp_path / EPOCH).write_text("in the way")
    with pytest.raises((MeterStopped, OSError)):
        Writer(tmp_path, EPOCH)
    (tmp_path / EPOCH).unlink()
    Writer(tmp_path, EPOCH).close()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)
