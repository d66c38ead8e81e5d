"""A real ComfyUI server on this machine, without a GPU, with this pack in it."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = float(os.environ.get("VEM_PATIENCE", "1"))
"""Factor on all waiting, for machines that are busy with something else."""
START_S = 240 * PATIENCE
RUN_S = 240 * PATIENCE


def find_comfyui() -> tuple[Path, Path] | str:
    """ComfyUI's folder and its Python, or why there is none."""
    folder = Path(os.environ.get("COMFYUI_DIR") or Path.home() / "ComfyUI")
    if not (folder / "main.py").is_file():
        return f"there is no ComfyUI in {folder}; set COMFYUI_DIR to its folder"
    named = os.environ.get("COMFYUI_PYTHON")
    places = [
        folder / venv / python
        for venv in (".venv", "venv")
        for python in ("bin/python", "Scripts/python.exe")
    ]
    for python in [Path(named)] if named else places:
        if python.is_file():
            return folder, python
    return f"no Python for {folder} was found; set COMFYUI_PYTHON to it"


def torch_version(python: Path) -> str:
    code = "import importlib.metadata as m; print(m.version('torch'))"
    return subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def install_requirements(python: Path) -> None:
    """As ComfyUI's manager does for a pack: nothing pinned, nothing constrained."""
    command = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--requirement",
        ROOT / "requirements.txt",
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]


@dataclass(kw_only=True)
class Run:
    """What the history says of one prompt."""

    status: str
    outputs: dict[str, Any]
    messages: dict[str, Any]

    def texts(self, node: str) -> str:
        return "\n".join(self.outputs[node]["text"])

    @property
    def error(self) -> str:
        return self.messages["execution_error"]["exception_message"].strip()

    @property
    def cached(self) -> set[str]:
        return set(self.messages["execution_cached"]["nodes"])


@dataclass(kw_only=True)
class Server:
    """A running server; `base` holds its input, output and temp folders."""

    folder: Path
    python: Path
    base: Path
    address: str = ""
    process: subprocess.Popen | None = field(default=None, repr=False)

    @property
    def footage(self) -> Path:
        """A folder outside of ComfyUI's own that is allowed to the pack."""
        return self.base / "footage"

    def start(self) -> None:
        for name in ("custom_nodes", "input", "output", "models", "user"):
            (self.base / name).mkdir(parents=True, exist_ok=True)
        (self.base / "custom_nodes" / "vem").symlink_to(ROOT, target_is_directory=True)
        self.footage.mkdir(exist_ok=True)
        paths = f"ours:\n  base_path: {self.base}\n  vem_footage: footage\n"
        (self.base / "paths.yaml").write_text(paths)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        command = [self.python, "main.py", "--cpu", "--listen", "127.0.0.1", "--port", str(port)]
        command += ["--base-directory", self.base, "--disable-auto-launch"]
        command += ["--extra-model-paths-config", self.base / "paths.yaml"]
        command += ["--database-url", f"sqlite:///{self.base}/comfyui.db"]
        with (self.base / "server.log").open("w") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            )
        self._wait()

    def _wait(self) -> None:
        assert self.process is not None
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            assert self.process.poll() is None, f"the server ended:\n{self.log()[-3000:]}"
            try:
                self.get("/system_stats")
                return
            except (urllib.error.URLError, TimeoutError):
                time.sleep(0.3)
        raise AssertionError(f"no answer from the server:\n{self.log()[-3000:]}")

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log(self) -> str:
        text = (self.base / "server.log").read_text(errors="replace")
        return re.sub(r"\x1b\[[0-9;]*m", "", text)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.address + path, timeout=30 * PATIENCE) as answer:
            return json.load(answer)

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and answer; an answer that refuses is no exception."""
        request = urllib.request.Request(
            self.address + path,
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30 * PATIENCE) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def queue(self, prompt: dict[str, Any]) -> str:
        """Queue a prompt that must be valid in all its nodes; returns its id."""
        body = {"prompt": prompt, "client_id": str(uuid.uuid4())}
        status, answer = self.post("/prompt", body)
        assert status == 200 and answer["node_errors"] == {}, json.dumps(answer, indent=1)[:3000]
        return answer["prompt_id"]

    def refusal(self, prompt: dict[str, Any]) -> str:
        """What the server says of a prompt that must not pass."""
        status, answer = self.post("/prompt", {"prompt": prompt})
        assert status == 400, answer
        return " ".join(
            f"{problem['message']}: {problem['details']}"
            for node in answer["node_errors"].values()
            for problem in node["errors"]
        )

    def run(self, prompt: dict[str, Any]) -> Run:
        return self.wait_for(self.queue(prompt))

    def wait_for(self, prompt_id: str) -> Run:
        until = time.monotonic() + RUN_S
        while time.monotonic() < until:
            entry = self.get(f"/history/{prompt_id}").get(prompt_id)
            if entry is not None:
                return Run(
                    status=entry["status"]["status_str"],
                    outputs=entry["outputs"],
                    messages=dict(entry["status"]["messages"]),
                )
            time.sleep(0.1)
        raise AssertionError(f"the prompt did not end:\n{self.log()[-3000:]}")

    def success(self, prompt: dict[str, Any]) -> Run:
        run = self.run(prompt)
        assert run.status == "success", run.messages.get("execution_error", run.messages)
        return run

    def file(self, saved: dict[str, str]) -> Path:
        """Path of a file that the history names."""
        path = self.base / saved["type"] / saved["subfolder"] / saved["filename"]
        assert path.is_file(), path
        return path

    def add_input(self, path: Path) -> str:
        shutil.copy(path, self.base / "input" / path.name)
        return path.name
