"""Builds the image and runs it, without an engine for containers and without root.

`make` brings buildah and a base (bring_builder.sh); both work in a user namespace that has one user, whoever runs the
tests. The image's root is then mounted as an engine would mount it: read-only but for /data and /tmp, for a user
without any capability.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BROUGHT = ROOT / ".tools" / "builder"
PROGRAMS, BASE, TOOLS = BROUGHT / "programs", BROUGHT / "base", BROUGHT / "tools"
# Each RUN clears the groups it is in, which nobody but root may: it is told that it has.
SETGROUPS = {"x86_64": 116, "aarch64": 159}
# buildah looks for its own libraries where the system's are.
BUILDER = 'mount -t overlay -o "lowerdir=$PROGRAMS/usr:/usr" none /usr && export PATH=/usr/bin:/usr/sbin && exec "$@"'
# What a machine's own package clients are configured by, at the same place in the container or in its root's home.
CONFIGURATION = ("/etc/ssl/certs", "/etc/pip.conf", "/etc/xdg/pip", "/usr/local/share/ca-certificates")
AT_HOME = (".config/pip", ".cache/uv", ".npmrc", ".npm")
CONTAINER = """
root=$(buildah mount "$CONTAINER")
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount -t tmpfs none "$root/tmp"
mount --bind "$DATA" "$root/data"
mount -o remount,ro,bind "$root"
exec env -i $ENVIRONMENT unshare --user --map-user="$ID" --map-group="$ID" --root="$root" --wd="$FOLDER" "$@"
"""


class Builder:
    """buildah, with its store of images beside what was brought, where a base that was made once stays."""

    def __init__(self, folder: Path = BROUGHT) -> None:
        self.folder = folder
        (folder / "home").mkdir(exist_ok=True)
        (folder / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\nrunroot = "{folder}/run"\ngraphroot = "{folder}/store"\n'
            '[storage.options]\nignore_chown_errors = "true"\n[storage.options.overlay]\nignore_chown_errors = "true"\n'
        )
        (folder / "uv.toml").write_text("system-certs = true\n")
        (folder / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self.environment = {
            "HOME": f"{folder}/home",
            "XDG_RUNTIME_DIR": f"{folder}/home",
            "TMPDIR": str(folder),
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            "PROGRAMS": str(PROGRAMS),
            "BUILDAH_ISOLATION": "chroot",
            "CONTAINERS_STORAGE_CONF": f"{folder}/storage.conf",
            "CONTAINERS_REGISTRIES_CONF": "/dev/null",
            "_CONTAINERS_USERNS_CONFIGURED": "done",
        }

    def command(self, *words: str | Path) -> list[str]:
        """Return what runs a command in the namespace, where buildah is at hand."""
        inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", BUILDER, "sh"]
        return [*inside, sys.executable, __file__, *map(str, words)]

    def run(self, *words: str | Path) -> str:
        """Run buildah and return what it prints."""
        done = subprocess.run(
            self.command("buildah", *words), env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    def build(self, file: Path, context: Path, tag: str, *options: str) -> None:
        """Build an image that is called `tag`."""
        policy = f"--signature-policy={self.folder}/policy.json"
        options = (*options, f"--volume={self.folder}/uv.toml:/root/.config/uv/uv.toml")
        self.run(
            *("build", policy, "--pull-never", "--format=docker", *options),
            *("--file", file, "--tag", tag, context),
        )

    def make_bases(self, slim: str, whole: str) -> None:
        """Make the bases that the Dockerfile is built from, under their names, unless they are there."""
        for name, before, content in ((slim, "scratch", BASE), (whole, slim, TOOLS)):
            if not self.run("images", "--quiet", "--filter", f"reference={name}"):
                file = self.folder / "Base.Dockerfile"
                file.write_text(f"FROM {before}\nCOPY . /\n")
                self.build(file, content, name)

    def image(self, tag: str) -> dict[str, Any]:
        """Return what an image says of itself."""
        found: dict[str, Any] = json.loads(self.run("inspect", "--type", "image", tag))
        return found

    def megabytes(self, tag: str) -> float:
        """Return the size of all layers, not compressed."""
        number, unit = self.run("images", "--format", "{{.Size}}", tag).split()
        return float(number) * {"MB": 1, "GB": 1000}[unit]


def configuration() -> list[str]:
    """Return the options that show this machine's configuration of pip, uv and npm, and their caches, to a build."""
    home = Path.home()
    places = [(Path(one), Path(one)) for one in CONFIGURATION]
    places += [(home / one, Path("/root") / one) for one in AT_HOME]
    return [f"--volume={here}:{there}" for here, there in places if here.exists()]


class Image:
    """A built image, and a container of it."""

    def __init__(self, builder: Builder, tag: str) -> None:
        self.builder, self.tag = builder, tag
        self.config: dict[str, Any] = builder.image(tag)["Docker"]["config"]
        policy = f"--signature-policy={builder.folder}/policy.json"
        self.container = builder.run("from", policy, "--pull-never", tag).strip()

    def remove(self) -> None:
        """Remove the container and the image."""
        self.builder.run("rm", self.container)
        self.builder.run("rmi", "--prune")
        self.builder.run("rmi", self.tag)

    def done(self, data: Path, *words: str) -> str:
        """Return what a program in the image prints, which must end well."""
        with self.running(data, *words) as process:
            out, err = process.communicate(timeout=900)
        assert process.returncode == 0, out + err
        return out

    def fails(self, data: Path, *words: str) -> str:
        """Return what a program in the image says, which must fail."""
        with self.running(data, *words) as process:
            _, err = process.communicate(timeout=900)
        assert process.returncode == 1
        return err

    @contextmanager
    def running(self, data: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Run the program `words` in the image as its user, `data` being the volume, for the time of the block."""
        environment = {
            **self.builder.environment,
            "CONTAINER": self.container,
            "DATA": str(data),
            "ENVIRONMENT": " ".join(self.config["Env"]),
            "ID": self.config["User"],
            "FOLDER": self.config["WorkingDir"],
        }
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        command = self.builder.command("sh", "-ec", CONTAINER, "sh", *words)
        with subprocess.Popen(command, env=environment, **pipes) as process:
            try:
                yield process
            finally:
                process.kill()


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def pretend_setgroups() -> None:
    """Let the call setgroups of this process and its children do nothing and succeed."""
    load, equals, give = 0x20, 0x15, 0x06
    succeed, allow = 0x00050000, 0x7FFF0000
    number = SETGROUPS[platform.machine()]
    code = [(load, 0, 0, 0), (equals, 0, 1, number), (give, 0, 0, succeed), (give, 0, 0, allow)]
    packed = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in code))
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Filter(len(code), ctypes.cast(packed, ctypes.c_char_p))
    no_new_privileges, seccomp = (38, 1, 0, 0, 0), (22, 2, ctypes.byref(program), 0, 0)
    for call in (no_new_privileges, seccomp):
        if libc.prctl(*call):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    pretend_setgroups()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606
