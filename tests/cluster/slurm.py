"""A Slurm cluster of one node, on this machine's loopback interface, without systemd."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = {
    "munged": "munge",
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    "sbatch": "slurm-client",
    "squeue": "slurm-client",
}


def what_is_missing() -> list[str]:
    """Say what this machine lacks for a cluster of its own; empty if nothing."""
    missing = []
    if os.geteuid() != 0:
        missing.append("root: slurmctld, slurmd and munged are started by root")
    packages = sorted({package for name, package in PROGRAMS.items() if not _program(name)})
    if packages:
        missing.append(
            f"the packages {' '.join(packages)} (Debian, Ubuntu: apt-get install "
            f"{' '.join(packages)})"
        )
    try:
        socket.gethostbyname(_host())
    except OSError:
        missing.append(f"an address for this machine's name {_host()} (a line in /etc/hosts)")
    return missing


class Cluster:
    """Start with `start`, end with `stop`; `environment` tells Slurm's commands where it is.

    Parameters
    ----------
    folder : Path
        Everything the daemons write stands here.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        }
        self._daemons: dict[str, subprocess.Popen] = {}

    def start(self) -> None:
        """Start munged, slurmctld and slurmd, and wait until the node takes jobs."""
        self._write_files()
        self._daemon(
            "munged",
            "--foreground",
            *("--key-file", str(self.folder / "munge/key")),
            *("--socket", str(self.folder / "munge/socket")),
            *("--pid-file", str(self.folder / "munge/pid")),
            *("--seed-file", str(self.folder / "munge/seed")),
            *("--log-file", str(self.folder / "munge/log")),
            user="munge",
        )
        self._wait(lambda: (self.folder / "munge/socket").exists(), "munged does not answer")
        self._daemon("slurmctld", "-D", "-i")
        self.start_node()
        self._wait(lambda: self.command("srun", "true").returncode == 0, "a job does not run")

    def start_node(self) -> None:
        """Start slurmd and wait until its node answers."""
        self._daemon("slurmd", "-D", "-N", _host())
        self._wait(self._node_answers, "the node does not answer")

    def kill_node(self) -> None:
        """Kill slurmd at once."""
        daemon = self._daemons.pop("slurmd")
        daemon.kill()
        daemon.wait()

    def stop(self) -> None:
        """Cancel all jobs and stop the daemons."""
        if "slurmctld" in self._daemons:
            self.cancel_all()
        for name in ("slurmd", "slurmctld", "munged"):
            daemon = self._daemons.pop(name, None)
            if daemon is None:
                continue
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def cancel_all(self) -> None:
        """Cancel every job."""
        self.command("scancel", f"--user={pwd.getpwuid(os.geteuid()).pw_name}")

    def command(self, *words: str, timeout: float = 30.0) -> subprocess.CompletedProcess:
        """Run one of Slurm's commands."""
        return subprocess.run(
            words,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def jobs(self, state: str = "RUNNING") -> list[str]:
        """Numbers of the jobs in a state."""
        listed = self.command("squeue", "--noheader", "--format=%i", f"--states={state}")
        return listed.stdout.split()

    def _write_files(self) -> None:
        for name in ("bin", "munge", "state", "spool"):
            (self.folder / name).mkdir(parents=True)
        key = self.folder / "munge/key"
        key.touch(mode=0o400)
        key.write_bytes(secrets.token_bytes(1024))
        # The executor takes SLURM_CONF from the jobs' environment before it starts their steps.
        srun = self.folder / "bin/srun"
        srun.write_text(
            f'#!/bin/sh\nexec env SLURM_CONF={self.folder}/slurm.conf {_program("srun")} "$@"\n'
        )
        srun.chmod(0o755)
        user = pwd.getpwnam("munge")
        for path in (self.folder / "munge", key):
            os.chown(path, user.pw_uid, user.pw_gid)
        (self.folder / "munge").chmod(0o755)
        described = subprocess.run(
            [_program("slurmd"), "-C"], capture_output=True, text=True, check=True
        ).stdout.splitlines()[0]
        facts = dict(word.split("=", 1) for word in described.split())
        memory = int(facts["RealMemory"]) - 512
        ports = _free_ports(2)
        (self.folder / "slurm.conf").write_text(
            f"""\
ClusterName=loopback
SlurmctldHost={_host()}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={self.folder}/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MpiDefault=none
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ReturnToService=2
MinJobAge=86400
SlurmdTimeout=10
KillWait=2
OverTimeLimit=0
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.pid
SlurmctldLogFile={self.folder}/slurmctld.log
SlurmdLogFile={self.folder}/slurmd.log
NodeName={_host()} NodeAddr=127.0.0.1 CPUs={facts["CPUs"]} RealMemory={memory} State=UNKNOWN
PartitionName=all Nodes={_host()} Default=YES MaxTime=INFINITE State=UP
"""
        )

    def _daemon(self, name: str, *arguments: str, user: str | None = None) -> None:
        with open(self.folder / f"{name}.out", "ab") as output:
            self._daemons[name] = subprocess.Popen(
                [_program(name) or name, *arguments],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=user,
                start_new_session=True,
            )

    def _node_answers(self) -> bool:
        state = self.command("sinfo", "--noheader", "--format=%T").stdout.strip()
        return state in ("idle", "mixed", "allocated")  # with a * behind, it does not answer

    def _wait(self, condition, complaint: str, seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                logs = "\n".join(
                    f"{path.name}: {path.read_text(errors='replace')[-1500:]}"
                    for path in sorted(self.folder.glob("*.log"))
                    + sorted(self.folder.glob("*.out"))
                )
                raise RuntimeError(f"{complaint}\n{logs}")
            time.sleep(0.3)


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def _host() -> str:
    return socket.gethostname().split(".", 1)[0]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
