"""The image, built without a registry on a base of Debian's packages, and run without a daemon.

buildah builds it in a chroot. runc runs it in namespaces of its own (not the network's, so that it
reaches servers on 127.0.0.1): root file system read-only, user 65532, no capability, no new
privileges, /tmp in memory.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.architecture.tree import ROOT

TOOLS: Final = ("buildah", "runc", "apt-get", "dpkg-deb", "tar")
IMAGE: Final = "localhost/helpdesk:test"
USER: Final = 65532
PYTHON: Final = "/usr/bin/python3.11"
# What distroless images of Python are made of: neither a shell nor pip is among them.
RUNTIME: Final = (
    *("libc6", "libgcc-s1", "libstdc++6", "zlib1g", "libbz2-1.0", "liblzma5", "libexpat1"),
    *("libffi8", "libssl3", "libcrypt1", "libsqlite3-0", "libuuid1", "libncursesw6", "libtinfo6"),
    *("libreadline8", "libnsl2", "libtirpc3", "libgssapi-krb5-2", "libkrb5-3", "libk5crypto3"),
    *("libkrb5support0", "libcom-err2", "libkeyutils1", "libdb5.3", "media-types"),
    *("libpython3.11-minimal", "libpython3.11-stdlib", "python3.11-minimal", "python3.11"),
)
BUILDING: Final = (
    *("dash", "coreutils", "sed", "libselinux1", "libpcre2-8-0", "libacl1", "libattr1", "libgmp10"),
    *("python3.11-venv", "python3-pip-whl", "python3-setuptools-whl", "python3-distutils"),
)
# How this machine reaches a package index is its own affair, and is lent to the build.
LENT: Final = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/ssl/certs")


def what_is_missing() -> str | None:
    """Why the image cannot be built and run here, in words; None where it can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"{', '.join(missing)} missing: apt-get install buildah runc"
    return None if os.geteuid() == 0 else "building in a chroot needs root"


def called(*command: str | Path, folder: Path | None = None) -> str:
    """What a command wrote to stdout; AssertionError, with all it wrote, if it failed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@dataclass(frozen=True)
class Workshop:
    """A folder in which images are built and kept apart from the machine's own."""

    folder: Path

    def buildah(self, *arguments: str | Path) -> str:
        """What buildah says."""
        store = ("--root", self.folder / "store", "--runroot", self.folder / "run")
        return called("buildah", *store, "--storage-driver", "vfs", *arguments).strip()

    def base(self, name: str, packages: Sequence[str]) -> None:
        """Make an image of the files of Debian's packages; none of their scripts is run."""
        debs, root = self.folder / f"{name}-debs", self.folder / f"{name}-root"
        debs.mkdir()
        for part in ("bin", "sbin", "lib", "lib64"):
            (root / "usr" / part).mkdir(parents=True)
            (root / part).symlink_to(f"usr/{part}")
        for part in ("etc", "proc", "sys", "dev", "tmp"):
            (root / part).mkdir()
        (root / "tmp").chmod(0o1777)
        unpack = ("tar", "--extract", "--keep-directory-symlink", "--directory", str(root))
        called("apt-get", "--quiet", "download", *packages, folder=debs)
        for deb in sorted(debs.iterdir()):
            files = ("dpkg-deb", "--fsys-tarfile", str(deb))
            with subprocess.Popen(files, stdout=subprocess.PIPE) as packed:
                subprocess.run(unpack, stdin=packed.stdout, check=True)
            assert packed.returncode == 0, deb.name
        container = self.buildah("from", "scratch")
        self.buildah("add", "--quiet", container, root, "/")
        self.buildah("commit", "--quiet", "--rm", container, f"localhost/{name}")
        shutil.rmtree(root)

    def build(self) -> None:
        """Build `deploy/Dockerfile` as `IMAGE`, on bases of Debian's packages."""
        self.base("runtime", RUNTIME)
        self.base("builder", (*RUNTIME, *BUILDING))
        lent = [place for place in LENT if Path(place).exists()]
        self.buildah(
            *("build", "--isolation", "chroot", "--pull-never", "--tag", IMAGE),
            *("--file", ROOT / "deploy/Dockerfile"),
            *("--build-arg", "BASE=localhost/runtime", "--build-arg", "BUILDER=localhost/builder"),
            *("--build-arg", f"PYTHON={PYTHON}"),
            *(part for place in lent for part in ("--volume", f"{place}:{place}:ro")),
            ROOT,
        )

    def root(self) -> Path:
        """A folder with the image's files, which containers share: they cannot write to it."""
        return Path(self.buildah("mount", self.buildah("from", "--pull-never", IMAGE)))

    def config(self) -> dict[str, Any]:
        """How the image wants to be run: user, environment, entry point, labels."""
        described = json.loads(self.buildah("inspect", "--type", "image", IMAGE))
        config: dict[str, Any] = described["OCIv1"]["config"]
        return config


def bundle(
    folder: Path, root: Path, image: Mapping[str, Any], command: Sequence[str], **more: str
) -> Path:
    """A folder that runc runs: the image's command and environment, confined as said above."""
    mount = {"options": ["nosuid", "noexec", "nodev"]}
    namespaces = ("pid", "ipc", "uts", "mount")
    described = {
        "ociVersion": "1.0.0",
        "process": {
            "user": {"uid": USER, "gid": USER},
            "cwd": image["WorkingDir"],
            "args": [*image.get("Entrypoint", ()), *command],
            "env": [*image["Env"], *(f"{name}={value}" for name, value in more.items())],
            "capabilities": {},
            "noNewPrivileges": True,
        },
        "root": {"path": str(root), "readonly": True},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", **mount},  # noqa: S108
        ],
        "linux": {"namespaces": [{"type": kind} for kind in namespaces]},
    }
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(described))
    return folder
