"""
Cobblestone-256 (https://c2sp.org/chunked-encryption) once more, from the specification alone, to hold the program
against. Reads a JSON list of cases on stdin, all bytes in hex, and writes the list of results:

  {"open": message, "key": ..., "context": ...}                                the plaintext
  {"seal": plaintext, "key": ..., "context": ..., "salt": ..., "first": n}     salt, commitment, chunks numbered from n
"""
import json
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

CHUNK = 16384
SEALED = CHUNK + 16


def derive(key, salt, context):
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
    secrets = HKDFExpand(SHA512(), 76, info).derive(key)
    return AESGCM(secrets[:32]), int.from_bytes(secrets[32:44], "big"), secrets[44:]


def open_message(message, key, context):
    aead, nonce, commitment = derive(key, message[:24], context)
    assert message[24:56] == commitment, "commitment"
    body = message[56:]
    assert len(body) % SEALED >= 16, "truncated"
    chunks = [body[at : at + SEALED] for at in range(0, len(body), SEALED)]
    return b"".join(aead.decrypt((nonce ^ i).to_bytes(12, "big"), c, None) for i, c in enumerate(chunks))


def seal_message(plaintext, key, context, salt, first):
    aead, nonce, commitment = derive(key, salt, context)
    chunks = [plaintext[at : at + CHUNK] for at in range(0, len(plaintext) + 1, CHUNK)]
    sealed = [aead.encrypt((nonce ^ i).to_bytes(12, "big"), c, None) for i, c in enumerate(chunks, first)]
    return salt + commitment + b"".join(sealed)


def result(case):
    key, context = bytes.fromhex(case["key"]), bytes.fromhex(case["context"])
    if "open" in case:
        return open_message(bytes.fromhex(case["open"]), key, context)
    return seal_message(bytes.fromhex(case["seal"]), key, context, bytes.fromhex(case["salt"]), case["first"])


json.dump([result(case).hex() for case in json.load(sys.stdin)], sys.stdout)
