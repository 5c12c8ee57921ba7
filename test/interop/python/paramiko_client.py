"""One action with paramiko: reads a JSON request from standard input, prints the JSON result."""

import json
import os
import stat
import sys

import paramiko

TIMEOUT_SECONDS = 20


class Session:
    def __init__(self, sftp):
        self.sftp = sftp

    def list(self, directory):
        return self.sftp.listdir(directory)

    def put(self, local, remote):
        # confirm=True is the default: paramiko asks for the size afterwards and fails when it differs.
        self.sftp.put(local, remote)

    def get(self, remote, local):
        self.sftp.get(remote, local)

    def resume_put(self, local, remote):
        with open(local, "rb") as source, self.sftp.open(remote, "ab") as target:
            target.set_pipelined(True)
            source.seek(self.sftp.stat(remote).st_size)
            while data := source.read(32768):
                target.write(data)

    def resume_get(self, remote, local):
        with self.sftp.open(remote, "rb") as source, open(local, "ab") as target:
            source.seek(os.path.getsize(local))
            while data := source.read(32768):
                target.write(data)

    def rename(self, old, new):
        self.sftp.rename(old, new)

    def make_directories(self, directory):
        made = ""
        for name in directory.strip("/").split("/"):
            made = f"{made}/{name}"
            try:
                self.sftp.stat(made)
            except FileNotFoundError:
                self.sftp.mkdir(made)

    def put_tree(self, local, remote):
        self.sftp.mkdir(remote)
        for entry in os.scandir(local):
            copy = self.put_tree if entry.is_dir() else self.put
            copy(entry.path, f"{remote}/{entry.name}")

    def get_tree(self, remote, local):
        os.mkdir(local)
        for entry in self.sftp.listdir_attr(remote):
            copy = self.get_tree if stat.S_ISDIR(entry.st_mode) else self.get
            copy(f"{remote}/{entry.filename}", os.path.join(local, entry.filename))

    def remove(self, file):
        self.sftp.remove(file)

    def remove_directory(self, directory):
        self.sftp.rmdir(directory)

    def hash(self, file):
        with self.sftp.open(file, "rb") as handle:
            return handle.check("sha256").hex()


def load_key(request):
    if "keyFile" not in request:
        return None
    key = paramiko.PKey.from_path(request["keyFile"])
    if "certificateFile" in request:
        key.load_certificate(request["certificateFile"])
    return key


def all_but(kex):
    """What to switch off for this key exchange method to be the only one."""
    if kex is None:
        return None
    return {"kex": [name for name in paramiko.Transport._preferred_kex if name != kex]}


class Prompted(paramiko.auth_strategy.AuthSource):
    """Answers the prompts of keyboard-interactive in order."""

    def __init__(self, username, answers):
        super().__init__(username=username)
        self.answers = list(answers)

    def answer(self, title, instructions, prompts):
        given, self.answers = self.answers[: len(prompts)], self.answers[len(prompts) :]
        return given

    def authenticate(self, transport):
        return transport.auth_interactive(self.username, self.answer)


class OnlyPrompted(paramiko.auth_strategy.AuthStrategy):
    def __init__(self, source):
        super().__init__(ssh_config=paramiko.SSHConfig())
        self.source = source

    def get_sources(self):
        yield self.source


def main():
    request = json.load(sys.stdin)
    answers = request.get("answers")
    user = request["userName"]
    with paramiko.SSHClient() as client:
        client.load_host_keys(request["knownHostsFile"])
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(
            request["host"],
            port=request["port"],
            username=user,
            password=request.get("password"),
            pkey=load_key(request),
            disabled_algorithms=all_but(request.get("kex")),
            auth_strategy=None if answers is None else OnlyPrompted(Prompted(user, answers)),
            allow_agent=False,
            look_for_keys=False,
            timeout=TIMEOUT_SECONDS,
        )
        with client.open_sftp() as sftp:
            result = getattr(Session(sftp), request["action"])(*request["arguments"])
    print(json.dumps(result))


main()
