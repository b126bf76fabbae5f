"""Unpacking .Z files, against gzip, which unpacks them too."""

import contextlib
import subprocess

import numpy as np
import pytest
from compress import pack
from hypothesis import given, settings
from hypothesis import strategies as st

from inkgrad import lzw

LIMIT = 1 << 20
# Few letters and long repeats give long strings; many bytes make the codes grow.
texts = st.one_of(
    st.binary(max_size=600),
    st.lists(st.sampled_from([b"a", b"ab", b"aaaa"]), max_size=400).map(b"".join),
    st.builds(lambda text, n: text * n, st.binary(min_size=1, max_size=40), st.integers(1, 200)),
)


def gunzip(packed: bytes) -> bytes:
    return subprocess.run(["gzip", "-dc"], input=packed, capture_output=True, check=True).stdout


@settings(max_examples=60)
@given(texts, st.integers(10, 16), st.sets(st.integers(1, 300), max_size=3))
def test_unpacks_what_was_packed_as_gzip_does(text: bytes, widest: int, clear_at: set[int]) -> None:
    packed = pack(text, widest, clear_at)
    assert lzw.unpack(packed, LIMIT) == gunzip(packed) == text


@pytest.mark.parametrize("widest", [10, 12, 16])
def test_every_width_up_to_a_full_table(widest: int) -> None:
    text = np.random.default_rng(0).bytes(180_000)
    packed = pack(text, widest, {75_000} if widest == 16 else ())
    assert lzw.unpack(packed, LIMIT) == gunzip(packed) == text


def test_no_more_than_the_limit() -> None:
    packed = pack(bytes(100_000))
    assert len(packed) < 1000
    assert lzw.unpack(packed, 100_000) == bytes(100_000)
    with pytest.raises(ValueError, match="more than 99,999 bytes"):
        lzw.unpack(packed, 99_999)


@pytest.mark.parametrize("data", [b"", b"\x1f", b"\x1f\x9d", b"\x1f\x9d\x89", b"\x1f\x9d\x91", b"\x1f\x8b\x90"])
def test_what_is_not_packed_by_compress(data: bytes) -> None:
    with pytest.raises(ValueError, match="not packed by compress"):
        lzw.unpack(data, LIMIT)


@given(st.binary(max_size=300), st.integers(10, 16))
def test_any_codes_unpack_within_the_limit_or_are_an_error(data: bytes, widest: int) -> None:
    with contextlib.suppress(ValueError):
        assert len(lzw.unpack(bytes((0x1F, 0x9D, 128 + widest)) + data, 5000)) <= 5000


@given(texts.filter(len), st.data())
def test_of_a_file_that_was_cut_off_comes_the_beginning(text: bytes, data: st.DataObject) -> None:
    packed = pack(text)
    assert text.startswith(lzw.unpack(packed[: data.draw(st.integers(3, len(packed)))], LIMIT))
