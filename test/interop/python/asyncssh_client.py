"""One action with asyncssh: reads a JSON request from standard input, prints the JSON result."""

import asyncio
import json
import os
import sys

import asyncssh

TIMEOUT_SECONDS = 20
BLOCK_BYTES = 32768


class Session:
    def __init__(self, sftp):
        self.sftp = sftp

    async def list(self, directory):
        return await self.sftp.listdir(directory)

    async def put(self, local, remote):
        await self.sftp.put(local, remote)

    async def get(self, remote, local):
        await self.sftp.get(remote, local)

    async def resume_put(self, local, remote):
        async with self.sftp.open(remote, "ab") as target:
            with open(local, "rb") as source:
                source.seek(await self.sftp.getsize(remote))
                while data := source.read(BLOCK_BYTES):
                    await target.write(data)

    async def resume_get(self, remote, local):
        async with self.sftp.open(remote, "rb") as source:
            with open(local, "ab") as target:
                await source.seek(os.path.getsize(local))
                while data := await source.read(BLOCK_BYTES):
                    target.write(data)

    async def rename(self, old, new):
        await self.sftp.rename(old, new)

    async def make_directories(self, directory):
        await self.sftp.makedirs(directory, exist_ok=True)

    async def put_tree(self, local, remote):
        await self.sftp.put(local, remote, recurse=True)

    async def get_tree(self, remote, local):
        await self.sftp.get(remote, local, recurse=True)

    async def remove(self, file):
        await self.sftp.remove(file)

    async def remove_directory(self, directory):
        await self.sftp.rmdir(directory)

    async def remove_tree(self, directory):
        await self.sftp.rmtree(directory)


class Prompted(asyncssh.SSHClient):
    """Answers the prompts of keyboard-interactive in order."""

    def __init__(self, answers):
        self.answers = list(answers)

    def kbdint_auth_requested(self):
        return ""

    def kbdint_challenge_received(self, name, instructions, lang, prompts):
        given, self.answers = self.answers[: len(prompts)], self.answers[len(prompts) :]
        return given


def client_keys(request):
    if "keyFile" not in request:
        return None
    if "certificateFile" in request:
        return [(request["keyFile"], request["certificateFile"])]
    return [request["keyFile"]]


async def main():
    request = json.load(sys.stdin)
    answers = request.get("answers")
    kex = request.get("kex")
    async with asyncssh.connect(
        request["host"],
        port=request["port"],
        username=request["userName"],
        password=request.get("password"),
        client_keys=client_keys(request),
        client_factory=None if answers is None else lambda: Prompted(answers),
        kex_algs=() if kex is None else [kex],
        known_hosts=request["knownHostsFile"],
        agent_path=None,
        config=None,
        connect_timeout=TIMEOUT_SECONDS,
    ) as connection:
        async with connection.start_sftp_client() as sftp:
            result = await getattr(Session(sftp), request["action"])(*request["arguments"])
    print(json.dumps(result))


asyncio.run(main())
