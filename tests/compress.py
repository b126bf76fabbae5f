"""Packs as Unix compress does, which Debian no longer installs by itself: .Z files for tests."""

from collections.abc import Container


def pack(data: bytes, widest: int = 16, clear_at: Container[int] = ()) -> bytes:
    """`data` as a .Z file with codes of at most `widest` bits; cleared after the codes of these numbers."""
    packed, group, bits = bytearray((0x1F, 0x9D, 128 + widest)), list[int](), 9
    table, entries, written = {bytes([i]): i for i in range(256)}, 257, 0

    def end_group(padded: bool) -> None:
        size = bits if padded and group else -(-len(group) * bits // 8)
        packed.extend(sum(code << i * bits for i, code in enumerate(group)).to_bytes(size, "little"))
        group.clear()

    string = b""
    for byte in (data[i : i + 1] for i in range(len(data))):
        if string + byte in table:
            string += byte
            continue
        group.append(table[string])
        written += 1
        if entries == 1 << bits and bits < widest:
            end_group(padded=True)
            bits += 1
        elif len(group) == 8:
            end_group(padded=True)
        if entries < 1 << widest:
            table[string + byte] = entries
            entries += 1
        if written in clear_at:
            group.append(256)
            end_group(padded=True)
            bits = 9
            table, entries = {bytes([i]): i for i in range(256)}, 257
        string = byte
    if string:
        group.append(table[string])
    end_group(padded=False)
    return bytes(packed)
