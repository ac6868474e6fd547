from __future__ import annotations

import gzip
import io
import zipfile
from itertools import pairwise

import dnaio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bactrian.core.errors import InputError
from bactrian.discovery.reads.fastq import open_pairs

TWO = b"@a 1:N:0\nACGTN\n+\nIIII#\n@b 1:N:0\nGGT\n+a\n!~I\n"
CUT_OFF = (
    "It was cut off, often by a copy that did not finish: copy it again and compare its size or checksum."
)
WANTED = "Expected a FASTQ file, plain or compressed by gzip, bzip2 or Zstandard."


def read_all(path, mate=None, **options):
    return list(open_pairs([(path, mate)], **options))


def texts(chunks, mate=1):
    found = []
    for chunk in chunks:
        seq, off, qual = (
            (chunk.seq1, chunk.off1, chunk.qual1) if mate == 1 else (chunk.seq2, chunk.off2, chunk.qual2)
        )
        for begin, end in pairwise(off):
            found.append((bytes(seq[begin:end]).decode(), bytes(qual[begin:end] + 33).decode()))
    return found


def refusal(path, mate=None):
    with pytest.raises(InputError) as caught:
        read_all(path, mate)
    return str(caught.value)


@pytest.mark.parametrize("suffix", [".fastq", ".fastq.gz", ".fastq.bz2", ".fastq.zst"])
def test_reads_every_compression_by_its_first_bytes(write, suffix):
    path = write("x" + suffix, TWO)
    renamed = path.rename(path.with_name("no_suffix"))
    assert texts(read_all(renamed)) == [("ACGTN", "IIII#"), ("GGT", "!~I")]


def test_reads_several_gzip_members_and_zero_padding(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(TWO[:20]) + gzip.compress(TWO[20:]) + bytes(512))
    assert texts(read_all(path)) == [("ACGTN", "IIII#"), ("GGT", "!~I")]


def test_reads_windows_line_ends_small_letters_and_iupac_as_n(write):
    path = write("x.fastq", b"@a\r\nacgtRy.n\r\n+\r\nIIIIIIII\r\n\r\n")
    assert texts(read_all(path)) == [("ACGTNNNN", "IIIIIIII")]


def test_reads_a_file_without_a_last_line_end(write):
    assert texts(read_all(write("x.fastq", TWO[:-1]))) == [("ACGTN", "IIII#"), ("GGT", "!~I")]


def test_lanes_follow_each_other_and_chunks_do_not_span_them(write):
    a, b = write("a.fastq", TWO), write("b.fastq.gz", TWO)
    chunks = list(open_pairs([(a, None), (b, None)], chunk_pairs=3))
    assert [(chunk.n, chunk.lane, chunk.first_record) for chunk in chunks] == [(2, 0, 1), (2, 1, 1)]


@settings(max_examples=25, deadline=None)
@given(
    reads=st.lists(st.text("ACGTN", min_size=1, max_size=30), min_size=1, max_size=40),
    size=st.integers(1, 50),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_any_chunk_size_gives_the_records_that_dnaio_reads(tmp_path_factory, reads, size, newline):
    path = tmp_path_factory.mktemp("any") / "x.fastq"
    rng = np.random.default_rng(len(reads))
    quals = ["".join(chr(q) for q in rng.integers(33, 75, len(seq))) for seq in reads]
    rows = zip(range(len(reads)), reads, quals, strict=True)
    path.write_bytes("".join(newline.join((f"@r{i}", s, "+", q, "")) for i, s, q in rows).encode())
    with dnaio.open(path) as oracle:
        expected = [(record.sequence, record.qualities) for record in oracle]
    assert texts(read_all(path, chunk_pairs=size)) == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [("a/1", "a/2"), ("a 1:N:0:AC", "a 2:N:0:AC"), ("SRR1.7.1 x", "SRR1.7.2 x"), ("a", "a")],
    ids=["slash", "casava", "sra", "bare"],
)
def test_mates_are_known_by_every_custom_of_names(write, first, second):
    one = write("one.fastq", f"@{first}\nACGT\n+\nIIII\n".encode())
    two = write("two.fastq", f"@{second}\nTTTT\n+\nIIII\n".encode())
    chunks = read_all(one, two)
    assert texts(chunks, 2) == [("TTTT", "IIII")]


def test_mates_of_other_names_are_refused(write):
    one, two = write("one.fastq", TWO), write("two.fastq", TWO.replace(b"@b", b"@c"))
    assert refusal(one, two) == (
        f"{one}, record 2: the mates do not belong together: this file has 'b 1:N:0', {two} has 'c 1:N:0'. "
        "Mates must stand in the same order in both files; check that both are of the same sample and lane, "
        "and that neither was filtered or sorted alone."
    )


@pytest.mark.parametrize("longer", [1, 2], ids=["first longer", "second longer"])
def test_unequal_mates_are_refused(write, longer):
    short = write("short.fastq", TWO)
    long = write("long.fastq", TWO + b"@c\nA\n+\nI\n")
    files = (long, short) if longer == 1 else (short, long)
    assert refusal(*files) == (
        f"{short}: this file has 2 records and its mate file {long} has more. Mates must stand in the same "
        "order in both files; copy both again, or take them from the same run."
    )


@pytest.mark.parametrize(
    ("suffix", "name"),
    [(".fastq.gz", "gzip"), (".fastq.bz2", "bzip2"), (".fastq.zst", "Zstandard")],
    ids=["gz", "bz2", "zst"],
)
def test_a_compressed_file_cut_off_names_the_record(write, suffix, name):
    rng = np.random.default_rng(1)
    seqs = ["".join(rng.choice(list("ACGT"), 100)) for _ in range(20_000)]
    whole = "".join(f"@r{i}\n{s}\n+\n{'I' * 100}\n" for i, s in enumerate(seqs)).encode()
    path = write("x" + suffix, whole)
    path.write_bytes(path.read_bytes()[:-2000])
    message = refusal(path)
    record = int(message.split("record ")[1].split(":")[0])
    assert record > 1000
    assert message == (
        f"{path}, record {record}: the {name} file ends in the middle of record {record}. {CUT_OFF}"
    )


def test_a_gzip_file_cut_off_counts_its_whole_records(tmp_path):
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=0) as file:
        file.write(TWO)
    path = tmp_path / "x.gz"
    path.write_bytes(stream.getvalue()[: -8 - 3])
    assert refusal(path) == (f"{path}, record 2: the gzip file ends in the middle of record 2. {CUT_OFF}")


def test_damaged_gzip_is_refused(write):
    path = write("x.fastq.gz", TWO * 500)
    data = bytearray(path.read_bytes())
    data[20] ^= 0xFF
    data[21] ^= 0xFF
    path.write_bytes(data)
    message = refusal(path)
    assert message.startswith(f"{path}: the gzip data are damaged (")
    assert message.endswith("Copy the file again from where it was made, and compare its size or checksum.")


@pytest.mark.parametrize(
    ("data", "there"),
    [
        (TWO + b"@c\n", "1 of its 4 lines is there"),
        (TWO + b"@c\nACG\n+\n", "3 of its 4 lines are there"),
    ],
    ids=["one line", "three lines"],
)
def test_a_plain_file_cut_off_names_the_record(write, data, there):
    path = write("x.fastq", data)
    assert refusal(path) == (f"{path}, record 3: the file ends in the middle of record 3: {there}. {CUT_OFF}")


FAULTS = {
    "length": (
        b"@a\nACGT\n+\nIII\n",
        "the sequence has 4 letters but the quality line has 3. Both must be equally long; the file is "
        "damaged: copy it again.",
    ),
    "header": (
        b"read\nACGT\n+\nIIII\n",
        "the first line of the record is 'read' and does not start with '@'. Expected FASTQ with four lines "
        "per record; take the file as the sequencer or the core facility made it.",
    ),
    "wrapped": (
        b"@a\nACGT\nACGT\n+\nIIIIIIII\n",
        "the third line of the record is 'ACGT' and does not start with '+'. Expected FASTQ with four lines "
        "per record and sequences on one line; take the file as the sequencer made it.",
    ),
    "letter": (
        b"@a\nACJT\n+\nIIII\n",
        "the sequence holds 'J' at position 3. Expected A, C, G, T and N (or an IUPAC letter, read as N); "
        "take the file as the sequencer made it.",
    ),
    "quality": (
        b"@a\nACGT\n+\nII I\n",
        "the quality line holds ' ' at position 3. Expected the characters '!' to '~' (Phred+33); take the "
        "file as the sequencer made it.",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_record_is_named(write, fault):
    data, sentence = FAULTS[fault]
    path = write("x.fastq", TWO + data + b"@z\nA\n+\nI\n" * 3)
    assert refusal(path) == f"{path}, record 3: {sentence}"


def test_phred64_is_refused(write):
    path = write("x.fastq", b"@a\nACGTACGT\n+\nhhhgfeBB\n")
    assert refusal(path) == (
        f"{path}: the qualities run from 'B' to 'h', which is the old Phred+64 code. Expected Phred+33; "
        "convert the file first, for instance with 'seqkit convert'."
    )


@pytest.mark.parametrize("quality", ["FFFF", "MMMM", "~~~~", "K!5h"], ids=["one bin", "Q44", "HiFi", "wide"])
def test_high_phred33_is_not_taken_for_phred64(write, quality):
    assert texts(read_all(write("x.fastq", f"@a\nACGT\n+\n{quality}\n".encode())))[0][1] == quality


def workbook() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return stream.getvalue()


FOREIGN = {
    "fasta": (b">a\nACGT\n", "a FASTA file, which has no qualities"),
    "bam": (gzip.compress(b"BAM\x01" + bytes(20)), "a BAM file"),
    "sam": (b"@HD\tVN:1.6\n", "a SAM file"),
    "html": (
        b"<!DOCTYPE html><html>",
        "a web page (HTML or XML), perhaps a log-in page saved instead of the file",
    ),
    "xlsx": (workbook(), "a ZIP archive or an Excel workbook"),
    "twice": (gzip.compress(gzip.compress(TWO)), "a file compressed twice (gzip inside); decompress it once"),
    "tar": (bytes([97]) * 257 + b"ustar" + bytes(100), "a tar archive; unpack it first"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_formats_are_named(tmp_path, kind):
    data, name = FOREIGN[kind]
    path = tmp_path / "x.fastq.gz"
    path.write_bytes(data)
    assert refusal(path) == f"{path}: this is {name}. {WANTED}"


def test_empty_absent_and_directory_are_refused(tmp_path):
    empty, hollow = tmp_path / "a.fastq", tmp_path / "b.fastq.gz"
    empty.write_bytes(b"")
    hollow.write_bytes(gzip.compress(b""))
    leave = "Copy it again, or leave the sample out."
    assert refusal(empty) == f"{empty}: the file is empty (0 bytes). {WANTED} {leave}"
    assert refusal(hollow) == f"{hollow}: the gzip file is empty inside. {WANTED} {leave}"
    assert refusal(tmp_path) == f"{tmp_path}: this is a directory. {WANTED} Name the file itself."
    absent = tmp_path / "none.fastq"
    assert refusal(absent) == (
        f"{absent}: this file does not exist. Check its name and the folder it is looked for in."
    )
