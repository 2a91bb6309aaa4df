#!/usr/bin/python3
"""
Decrypts a Safelight vault without Safelight, by the `age` tool and python3-cryptography. It only reads the vault.

  python3 emergency.py VAULT OUT IDENTITY                    the newest snapshot: OUT/files and OUT/database
  python3 emergency.py --no-manifest VAULT OUT IDENTITY      every content that there is: OUT/contents and OUT/database
  python3 emergency.py --no-manifest --paths-from-dump ...   and the paths of originals, from the newest dump: OUT/paths

VAULT is a folder with the vault, OUT a folder for what comes out, IDENTITY a file with a line AGE-SECRET-KEY-...
What can't be read is told and passed over; the exit code is 1 then. docs/format.md describes every byte.
"""
import argparse, glob, gzip, hashlib, hmac, json, os, re, shutil, sqlite3, subprocess, sys, tempfile, zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

TABLES = ["snapshot", "data_key", "pack", "content", "directory", "entry"]
FILE, FOLDER, SYMLINK = 0, 1, 2
problems = 0
unset = 0


class Damaged(Exception):
    pass


def report(text):
    global problems
    problems += 1
    print("PROBLEM:", text, file=sys.stderr)


class Vault:
    def __init__(self, folder, vault_file):
        self.folder, self.file, self.id, self.keys, self.key_ids_key = folder, vault_file, vault_file["id"], {}, None

    def places(self, pattern):
        """The keys in the vault that match a pattern, in order."""
        paths = glob.iglob(os.path.join(glob.escape(self.folder), pattern))
        return sorted(os.path.relpath(path, self.folder) for path in paths)

    def decrypt(self, place):
        """The plaintext of an object, in pieces: header, salt, commitment, then sealed chunks of 16 KiB."""
        with open(os.path.join(self.folder, place), "rb") as file:
            lead = file.read(80)
            if len(lead) < 80 or lead[:8] != b"SFLIGHT\x01":
                raise Damaged("this is no object of format version 1")
            if lead[8:24] not in self.keys:
                raise Damaged(f"the identity does not open its key {lead[8:24].hex()}")
            info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + lead[24:48]
            info += f"safelight/1/{self.id}/{place}".encode()
            secrets = HKDFExpand(SHA512(), 76, info).derive(self.keys[lead[8:24]])
            if secrets[44:] != lead[48:]:
                raise Damaged("it was altered, or belongs elsewhere")
            aes, nonce, number = AESGCM(secrets[:32]), int.from_bytes(secrets[32:44], "big"), 0
            while True:
                sealed = file.read(16400)
                if len(sealed) < 16:
                    raise Damaged("its end is missing")
                try:
                    yield aes.decrypt((nonce ^ number).to_bytes(12, "big"), sealed, None)
                except InvalidTag:
                    raise Damaged(f"chunk {number} was altered")
                if len(sealed) < 16400:
                    return
                number += 1

    def open_index(self, identity_file):
        """Finds the index key, and derives from it the keys of records and manifests."""
        salt = bytes.fromhex(self.id)
        hkdf = lambda key, info, length=32: HKDF(SHA512(), length, salt, info.encode()).derive(key)
        prefix, seed = read_identity(identity_file)
        self.keys[bytes(16)] = hkdf(seed, "safelight v1 seal " + prefix)
        # An attempt to make the vault that broke off may have left another index key: vault.json tells which is right.
        for place in reversed(self.places("keys/index/*")):
            try:
                sealed = place.endswith(".sealed")
                index_key = b"".join(self.decrypt(place)) if sealed else self.unwrap(place, identity_file)
                if self.is_authentic(hkdf(index_key, "safelight v1 vault.json")):
                    break
            except (Damaged, OSError):
                continue
        else:
            raise Damaged("this identity opens no file in keys/index, or none that made this vault.json")
        self.key_ids_key = hkdf(index_key, "safelight v1 key ids")
        self.names_key = hkdf(index_key, "safelight v1 names")
        for name in ["records", "manifests"]:
            key = hkdf(index_key, "safelight v1 " + name)
            self.keys[self.key_id(key)] = key
        print("fingerprint of the vault:", hkdf(index_key, "safelight v1 fingerprint", 16).hex())
        print("Compare it with your recovery sheet. If it is another one, somebody else made this vault.")

    def is_authentic(self, vault_file_key):
        """Whether vault.json was made with this index key; yes where only the vault id is left of it."""
        if "mac" not in self.file:
            return True
        fields = ["format", "version", "id", "created", "writeOnly"]
        signed = "".join(f"{json.dumps(self.file.get(name))}\n" for name in fields).replace('"', "")
        return hmac.digest(vault_file_key, signed.encode(), "sha256").hex() == self.file["mac"]

    def key_id(self, key):
        return hmac.digest(self.key_ids_key, key, "sha256")[:16]

    def open_data_keys(self, identity_file):
        """Opens each data key by the first of its files that opens; the others are for other identities."""
        failed = {}
        for place in self.places("keys/" + "[0-9a-f]" * 32 + "/*.age"):
            key_id = bytes.fromhex(place.split("/")[1])
            if key_id in self.keys:
                continue
            try:
                key = self.unwrap(place, identity_file)
                if self.key_ids_key and self.key_id(key) != key_id:
                    raise Damaged("somebody exchanged this key")
                self.keys[key_id] = key
            except Damaged as error:
                failed.setdefault(key_id, f"{place}: {error}")
        for key_id, problem in failed.items():
            if key_id not in self.keys:
                report(problem)

    def unwrap(self, place, identity_file):
        command = ["age", "--decrypt", "--identity", identity_file, os.path.join(self.folder, place)]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if result.returncode != 0 or len(result.stdout) != 32:
            raise Damaged("age does not open it: " + result.stderr.decode(errors="replace").split("\n")[0])
        return result.stdout


def read_identity(file):
    """Prefix and the 32 bytes of an identity, which is written in Bech32."""
    lines = [line.strip() for line in open(file, errors="replace") if line.startswith("AGE-SECRET-KEY-")]
    if len(lines) != 1:
        sys.exit(f"{file} has no line AGE-SECRET-KEY-... If a passphrase protects it: age -d {file} > identity.txt")
    prefix, data = lines[0].lower().rsplit("1", 1)
    bits = "".join(f"{'qpzry9x8gf2tvdw0s3jn54khce6mua7l'.index(c):05b}" for c in data[:-6])
    return prefix, int(bits[:256], 2).to_bytes(32, "big")


def write(pieces, target, sha256=None):
    """Writes a file whole or not at all, and gives its SHA-256 and SHA-1."""
    hashes = [hashlib.sha256(), hashlib.sha1()]
    partial = os.path.join(args.out, ".partial")
    with open(partial, "wb") as file:
        for piece in pieces:
            file.write(piece)
            for one in hashes:
                one.update(piece)
    if sha256 and hashes[0].digest() != sha256:
        raise Damaged("the content is not the one that was backed up")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    os.replace(partial, target)
    return [one.hexdigest() for one in hashes]


def piece_of(path, offset, length):
    """A part of a file, which is a content in a pack."""
    with open(path, "rb") as file:
        file.seek(offset)
        while length > 0:
            piece = file.read(min(length, 1 << 20))
            if not piece:
                raise Damaged("the pack is shorter than it should be")
            length -= len(piece)
            yield piece


def save_dump(vault, place, sha256=None):
    target = os.path.join(args.out, place)
    try:
        write(vault.decrypt(place), target, sha256)
        print("database dump:", target)
    except (Damaged, OSError) as error:
        report(f"{place}: {error}")


# ---- With a manifest: one snapshot, every file under its own path.


def restore(vault):
    record = newest_record(vault)
    print(f"snapshot {record['sequence']}-{record['runId']} of {record['host']}, {record['created']}")
    if record["database"]:
        save_dump(vault, record["database"]["key"], bytes.fromhex(record["database"]["plaintextSha256"]))
    with tempfile.TemporaryDirectory(dir=args.out) as temporary:
        try:
            db = open_manifest(vault, record, temporary)
        except (Damaged, OSError, zlib.error, sqlite3.Error) as error:
            sys.exit(f"The manifest can't be read: {error}. Try an older snapshot with --snapshot, or --no-manifest.")
        restore_files(vault, db, record["sequence"], os.path.join(temporary, "pack"))


def newest_record(vault):
    records = []
    for place in vault.places(args.snapshot or "hosts/*/snapshots/*"):
        try:
            records.append(json.loads(b"".join(vault.decrypt(place))))
        except (Damaged, OSError) as error:
            report(f"{place}: {error}")
    newest, newest_time, times = None, "", {}
    # A clock may have been wrong: no record is older than one that it follows.
    for record in sorted(records, key=lambda record: record["sequence"]):
        parents = [times.get((record["host"], parent["runId"], parent["sequence"]), "") for parent in record["parents"]]
        time = max([record["created"], *parents])
        times[record["host"], record["runId"], record["sequence"]] = time
        if (record["complete"] or args.snapshot) and time >= newest_time:
            newest, newest_time = record, time
    hosts = sorted({record["host"] for record in records})
    if newest and len(hosts) > 1:
        print("This vault holds several hosts, of which one comes back at a time:", ", ".join(hosts))
    return newest or sys.exit("There is no snapshot that can be read. Use --no-manifest.")


def open_manifest(vault, record, folder):
    """The full manifest, with its deltas laid over it in order."""
    for number, part in enumerate(record["manifests"]):
        file, unzip = os.path.join(folder, f"{number}.sqlite"), zlib.decompressobj(31)
        with open(file, "wb") as out:
            for piece in vault.decrypt(part["key"]):
                out.write(unzip.decompress(piece))
            if out.tell() != part["plaintextSize"]:
                raise Damaged(f"{part['key']} is not the one that the snapshot names")
        if number == 0:
            db = sqlite3.connect(file, isolation_level=None)
            db.text_factory = bytes
        else:
            db.execute("ATTACH ? AS delta", [file])
            for table in TABLES:
                db.execute(f"INSERT OR REPLACE INTO main.{table} SELECT * FROM delta.{table}")
            db.execute("DETACH delta")
    return db


def restore_files(vault, db, sequence, pack_file):
    directories = {0: os.fsencode(os.path.join(args.out, "files"))}

    def path_of(directory, name):
        if name in (b"", b".", b"..") or b"/" in name or b"\0" in name:
            sys.exit(f"The manifest holds the name {name!r}, which no file can have. Do not trust it.")
        if directory not in directories:
            directories[directory] = path_of(
                *db.execute("SELECT parent, name FROM directory WHERE id = ?", [directory]).fetchone()
            )
        return os.path.join(directories[directory], name)

    def place_for(directory, name):
        """The path, if no symbolic link that lies there already would lead elsewhere."""
        path = path_of(directory, name)
        if os.path.realpath(os.path.dirname(path)) != os.path.dirname(path):
            raise Damaged("a symbolic link stands in its way; choose an empty folder")
        return path

    def entries(entry_type, columns, joins="", order="1"):
        return db.execute(
            f"""SELECT e.directory, e.name, e.mode, e.uid, e.gid, e.ctime + e.atime_offset, e.mtime, {columns}
                FROM entry e {joins}
                WHERE e.type = ? AND e.since <= ? AND (e.until IS NULL OR e.until > ?) ORDER BY {order}""",
            [entry_type, sequence, sequence],
        )

    joins = """LEFT JOIN content c ON c.id = e.content LEFT JOIN pack p ON p.id = c.pack
               LEFT JOIN data_key k ON k.id = c.data_key"""
    opened_pack, count = None, 0
    for directory, name, *metadata, sha256, size, key_id, pack, offset in entries(
        FILE, "c.sha256, c.size, k.key_id, p.name, c.pack_offset", joins, "c.pack, c.pack_offset"
    ):
        path = path_of(directory, name)
        try:
            if sha256 is None:
                raise Damaged("its content was not stored")
            place_for(directory, name)
            if is_there(path, size, sha256):
                pass
            elif pack is None:
                object_name = hmac.digest(vault.names_key, sha256 + key_id, "sha256").hex()
                write(vault.decrypt(f"objects/{object_name[:2]}/{object_name}"), path, sha256)
            else:
                if pack != opened_pack:
                    write(vault.decrypt("packs/" + pack.decode()), pack_file)
                    opened_pack = pack
                write(piece_of(pack_file, offset, size), path, sha256)
            set_metadata(path, *metadata)
            count += 1
        except (Damaged, OSError) as error:
            report(f"{os.fsdecode(path)}: {error}")
    for directory, name, *metadata, target in entries(SYMLINK, "e.target"):
        path = path_of(directory, name)
        try:
            os.makedirs(os.path.dirname(place_for(directory, name)), exist_ok=True)
            if not os.path.lexists(path):
                os.symlink(target, path)
                set_metadata(path, *metadata)
        except (Damaged, OSError) as error:
            report(f"{os.fsdecode(path)}: {error}")
    folders = [(path_of(*row[:2]), *row) for row in entries(FOLDER, "0")]
    for path, directory, name, *metadata, _ in sorted(folders, reverse=True):
        try:
            os.makedirs(place_for(directory, name), exist_ok=True)
            set_metadata(path, *metadata)
        except (Damaged, OSError) as error:
            report(f"{os.fsdecode(path)}: {error}")
    print(f"{count} files: {os.path.join(args.out, 'files')}")
    if unset:
        print(f"{unset} files and folders could not get their mode or times: this disk does not keep them")


def is_there(path, size, sha256):
    """Whether an earlier run, which was interrupted, wrote this file."""
    if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) != size:
        return False
    found = hashlib.sha256()
    for piece in piece_of(path, 0, size):
        found.update(piece)
    return found.digest() == sha256


def set_metadata(path, mode, uid, gid, atime, mtime):
    """Owner, where permitted, mode and times; those of a link itself, whose mode never matters. Not every disk has them."""
    global unset
    try:
        os.chown(path, uid, gid, follow_symlinks=False)
    except OSError:
        mode &= 0o1777
    try:
        if not os.path.islink(path):
            os.chmod(path, mode)
        os.utime(path, ns=(atime * 1000, mtime * 1000), follow_symlinks=False)
    except OSError:
        unset += 1


# ---- Without any manifest: every content under its SHA-256.


def salvage(vault):
    unnamed, pack_file = os.path.join(args.out, ".content"), os.path.join(args.out, ".pack")
    with open(os.path.join(args.out, "contents.sha1"), "w") as sums:

        def keep(pieces, sha256=None):
            name, sha1 = write(pieces, unnamed, sha256)
            os.makedirs(os.path.join(args.out, "contents"), exist_ok=True)
            os.replace(unnamed, os.path.join(args.out, "contents", name))
            sums.write(f"{sha1}  contents/{name}\n")

        for place in vault.places("objects/*/*") + vault.places("packs/*"):
            try:
                if place.startswith("objects/"):
                    keep(vault.decrypt(place))
                else:
                    write(vault.decrypt(place), pack_file)
                    for sha256, offset, length in contents_of_pack(pack_file):
                        keep(piece_of(pack_file, offset, length), sha256)
            except (Damaged, OSError) as error:
                report(f"{place}: {error}")
    if os.path.exists(pack_file):
        os.remove(pack_file)
    for place in vault.places("database/*"):
        save_dump(vault, place)
    print("contents:", os.path.join(args.out, "contents"))


def contents_of_pack(path):
    """A pack ends with an index (SHA-256 and length of each content) and the index's length."""
    with open(path, "rb") as file:
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(8), "big")
        file.seek(-8 - length, os.SEEK_END)
        index, offset = file.read(length), 0
    for at in range(0, length, 40):
        size = int.from_bytes(index[at + 32 : at + 40], "big")
        yield index[at : at + 32], offset, size
        offset += size


def paths_from_dump():
    """Links every original to its path: Immich's table `asset` has the SHA-1 of each file beside its path."""
    contents = dict(line.split() for line in open(os.path.join(args.out, "contents.sha1")))
    dumps = sorted(glob.glob(os.path.join(args.out, "database", "*.sql.gz")))
    columns, found, missing = None, 0, 0
    for line in gzip.open(dumps[-1]) if dumps else sys.exit("There is no dump."):
        header = re.match(rb"COPY public\.assets? \((.*)\) FROM stdin;", line)
        if header:
            columns = [name.strip(b'" ') for name in header[1].split(b",")]
        elif line == b"\\.\n":
            columns = None
        elif columns:
            row = dict(zip(columns, line.rstrip(b"\n").split(b"\t")))
            content = contents.get(row[b"checksum"].removeprefix(b"\\\\x").decode())
            path = os.path.normpath(b"/" + re.sub(rb"\\(.)", unescape, row[b"originalPath"], flags=re.S)).lstrip(b"/")
            if content is None:
                missing += 1
            elif link(os.path.join(args.out, content), os.path.join(os.fsencode(args.out), b"paths", path)):
                found += 1
    print(f"{found} originals: {os.path.join(args.out, 'paths')}")
    print(f"{missing} originals of the database are not in the vault (as those of external libraries)")


def link(content, target):
    """Gives a content a further name, or a copy where the disk has no hard links. Whether it was not there yet."""
    if os.path.lexists(target):
        return False
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            os.link(content, target)
        except OSError:
            shutil.copyfile(content, target)
        return True
    except OSError as error:
        report(f"{os.fsdecode(target)}: {error}")
        return False


def unescape(match):
    """One escape of COPY's text format."""
    return {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}.get(match[1], match[1])


def main():
    shutil.which("age") or sys.exit("The tool age is missing: apt install age")
    args.out = os.path.realpath(args.out)
    os.umask(0o077)
    os.makedirs(args.out, exist_ok=True)
    try:
        id_alone = {"id": args.vault_id}
        vault = Vault(args.vault, id_alone if args.vault_id else json.load(open(os.path.join(args.vault, "vault.json"))))
    except (OSError, ValueError, KeyError, TypeError):
        sys.exit("vault.json can't be read. Give the vault id of your recovery sheet: --vault-id ...")
    try:
        vault.open_index(args.identity)
    except Damaged as error:
        if not args.no_manifest:
            sys.exit(f"{error}. Try --vault-id, with the id of your recovery sheet, or --no-manifest.")
        report(error)
    vault.open_data_keys(args.identity)
    if args.no_manifest:
        salvage(vault)
        if args.paths_from_dump:
            paths_from_dump()
    else:
        restore(vault)
    if problems:
        sys.exit(f"{problems} problems: see above.")


if __name__ == "__main__":
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    for name in ["vault", "out", "identity"]:
        parser.add_argument(name, metavar=name.upper())
    parser.add_argument("--no-manifest", action="store_true", help="decrypt every content without looking at snapshots")
    parser.add_argument("--paths-from-dump", action="store_true", help="with --no-manifest: find the originals' paths")
    parser.add_argument("--snapshot", help="place of a record: hosts/main/snapshots/NAME; default: the newest")
    parser.add_argument("--vault-id", help="from the recovery sheet, when vault.json is lost")
    args = parser.parse_args()
    main()
