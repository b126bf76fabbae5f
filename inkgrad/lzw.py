"""Unpacks `.Z` files as Unix compress writes them: LZW (Welch, 1984), its codes 9 bits wide at first and 16 at most."""

MAGIC = b"\x1f\x9d"
CLEAR = 256  # the code that empties the table


def unpack(data: bytes, limit: int) -> bytes:
    """The bytes packed in `data`. Raises ValueError where it is no such file, is damaged or holds more than `limit`.

    The limit counts: 2 MB can unpack to 60 GB. Of a file that was cut off comes what lay before the cut, because the
    format has neither a length nor a checksum.
    """
    # The third byte: the widest code, and the flag of codes that clear, which compress has set since 1985.
    widest = data[2] - 128 if len(data) > 2 else 0
    if data[:2] != MAGIC or not 10 <= widest <= 16:
        raise ValueError("not packed by compress")
    table = [*(bytes([i]) for i in range(256)), b""]
    unpacked, previous, bits, at = bytearray(), b"", 9, 3
    while at < len(data):
        # Codes come in groups of eight, that is `bits` bytes, cut short where the table is cleared or the width grows.
        group = data[at : at + bits]
        at += bits
        codes = int.from_bytes(group, "little")
        for i in range(len(group) * 8 // bits):
            code = codes >> i * bits & (1 << bits) - 1
            if code == CLEAR:
                del table[CLEAR:]  # the next code puts something there, which no code names
                bits = 9
                break
            if code > len(table) or (code == len(table) and not previous):
                raise ValueError("damaged")
            # A code may name the entry that it completes: the string before it and that string's first byte.
            string = table[code] if code < len(table) else previous + previous[:1]
            if previous and len(table) < 1 << widest:
                table.append(previous + string[:1])
            unpacked += string
            if len(unpacked) > limit:
                raise ValueError(f"holds more than {limit:,} bytes")
            previous = string
            if len(table) == 1 << bits and bits < widest:
                bits += 1
                break
    return bytes(unpacked)
