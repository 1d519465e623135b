"""Reads and rewrites the journal's files after docs/journal-format.md, without the code that writes them: an auditor's second opinion, and an attacker's tool."""
import hashlib
import pathlib
import struct
import typing

HEADER, FRAME_HEADER, RECORD_HEADER = 4096, 128, 32


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def make_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = make_table()


class Record(typing.NamedTuple):
    sequence: int
    accepted_ms: int
    type: str
    scope: str
    key: str
    payload: bytes


class Frame(typing.NamedTuple):
    path: pathlib.Path
    offset: int
    first: int
    count: int
    content: bytes          # header and body

    @property
    def hash(self):
        return hashlib.sha256(self.content).digest()

    @property
    def last(self):
        return self.first + self.count - 1

    def records(self):
        at = FRAME_HEADER
        for number in range(self.count):
            size, _, _, flags, id_size, type_size, key_id_size, key_size, scope_size, source_size, accepted, payload_size = struct.unpack_from(
                "<IBBBBBBHHHqI", self.content, at)
            end = at + RECORD_HEADER + (16 if flags & 1 else 0)
            parts = []
            for part in (id_size, type_size, key_size, scope_size, source_size, key_id_size, payload_size):
                parts.append(self.content[end:end + part])
                end += part
            yield Record(self.first + number, accepted, parts[1].decode(), parts[3].decode(), parts[2].decode(), parts[6])
            at += size


def segments(folder):
    return sorted(pathlib.Path(folder).glob("*.segment"))


def frames(folder):
    """All of them, in order."""
    for path in segments(folder):
        content = path.read_bytes()
        at = HEADER
        while content[at:at + 4] == b"UEF1":
            first, count, _, size = struct.unpack_from("<QIII", content, at + 24)
            yield Frame(path, at, first, count, content[at:at + FRAME_HEADER + size])
            at += FRAME_HEADER + size


def records(folder):
    return [record for frame in frames(folder) for record in frame.records()]


def forge(folder, change):
    """What an attacker with every right on the files does: `change` gets each frame's body and gives another of the same size; checksums, hashes and what
    names them are made to fit again."""
    previous, hashes = None, {}
    for path in segments(folder):
        content = bytearray(path.read_bytes())
        if previous is not None:
            content[104:136] = previous
            content[252:256] = struct.pack("<I", crc32c(content[:252]))
        previous = bytes(content[104:136])
        at = HEADER
        while content[at:at + 4] == b"UEF1":
            size, = struct.unpack_from("<I", content, at + 40)
            body = bytes(content[at + FRAME_HEADER:at + FRAME_HEADER + size])
            new = change(body)
            assert len(new) == len(body)
            content[at + FRAME_HEADER:at + FRAME_HEADER + size] = new
            content[at + 44:at + 48] = struct.pack("<I", crc32c(new))
            content[at + 72:at + 104] = previous
            content[at + 124:at + 128] = struct.pack("<I", crc32c(content[at:at + 124]))
            previous = hashlib.sha256(content[at:at + FRAME_HEADER + size]).digest()
            at += FRAME_HEADER + size
        path.write_bytes(content)
