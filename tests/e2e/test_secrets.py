"""A token and a proxy's password pass through the real program and are left nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.paths import DEMO_MODEL_DIR
from app.core.settings import Settings, write_settings
from tests.e2e.chosen_program import frozen_program
from tests.e2e.program import Program
from tests.hub_server import GOOD_TOKEN, OTHER_TOKEN, Fault, environment_for
from tests.sharded_demo import sharded_demo

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.hub_server import HubServer

ID = "house/asked-for"


PLACE = "token in the keychain" if frozen_program() is None else "token from HF_TOKEN"


def program(hub: HubServer, folder: Path, token: str) -> Program:
    """The program with a keychain that has this token, logging all it can.

    A frozen program knows no keychain of the tests, so it has the token in its environment.
    """
    home = folder / "home"
    home.mkdir(exist_ok=True)
    variables = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "HF_HOME": str(folder / "hf"), "HF_DEBUG": "1"}
    if frozen_program() is None:
        variables |= {"PYTHON_KEYRING_BACKEND": "tests.keychain.GivenKeychain", "VIEWFINDER_TEST_SECRET": token}
    else:
        variables |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "HF_TOKEN": token}
    return Program(folder, DEMO_MODEL_DIR, {**variables, **environment_for(hub, folder / "hub-cache")})


def run(here: Program, *words: str) -> subprocess.CompletedProcess[str]:
    return here.run("--profile", here.profile_dir, "--debug", *words)


def places_of(secret: str, folder: Path, *runs: subprocess.CompletedProcess[str]) -> list[str]:
    """Where the secret is found: in which files, or in what was said."""
    found = [str(file) for file in folder.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]
    return found + [said for done in runs for said in (done.stdout, done.stderr) if secret in said]


def test_a_gated_model_comes_with_the_token_which_stays_where_it_is(hub: HubServer, tmp_path: Path) -> None:
    hub.add(ID, sharded_demo(), is_gated=True)
    refused = run(program(hub, tmp_path, OTHER_TOKEN), "models", "download", ID)
    assert refused.returncode == 4
    assert f"Ask for access at {hub.url}/{ID} with the account of your token" in refused.stderr
    here = program(hub, tmp_path, GOOD_TOKEN)
    done = run(here, "models", "download", ID)
    assert done.returncode == 0, done.stderr
    doctor = run(here, "doctor")
    assert PLACE in doctor.stdout
    assert (here.profile_dir / "logs" / "viewfinder.log").stat().st_size
    for token in (GOOD_TOKEN, OTHER_TOKEN):
        assert places_of(token, tmp_path, refused, done, doctor) == []
    assert not any("authorization" in one.headers for one in hub.seen(where="store"))
    # Neither is what the addresses of the store are signed with: whoever has it may read for a while.
    assert places_of("X-Signature", tmp_path, refused, done) == []


def test_a_fault_tells_neither_token_nor_password(hub: HubServer, tmp_path: Path) -> None:
    hub.add(ID, sharded_demo())
    here = program(hub, tmp_path, GOOD_TOKEN)
    proxy = f"http://somebody:open-sesame@{hub.url.removeprefix('http://')}"
    settings_file = here.profile_dir / "settings.json"
    write_settings(settings_file, Settings(hub_proxy=proxy))
    hub.fault("*", Fault(status=500, headers={"X-Error-Message": f"Bearer {GOOD_TOKEN}"}), times=99)
    done = run(here, "models", "download", ID)
    assert done.returncode == 1
    assert "has a fault of its own (error 500)" in done.stderr
    doctor = run(here, "doctor", "--json")
    assert places_of(GOOD_TOKEN, tmp_path, done, doctor) == []
    assert places_of("open-sesame", tmp_path, done, doctor) == [str(settings_file)]


def test_offline_asks_nothing_whoever_says_so(hub: HubServer, tmp_path: Path) -> None:
    hub.add(ID, sharded_demo())
    here = program(hub, tmp_path, GOOD_TOKEN)
    write_settings(here.profile_dir / "settings.json", Settings(is_offline=True))
    by_settings = run(here, "models", "download", ID)
    (here.profile_dir / "settings.json").unlink()
    by_environment = run(here.with_variables(HF_HUB_OFFLINE="1"), "models", "download", ID)
    for done in (by_settings, by_environment):
        assert done.returncode == 1
        assert "Viewfinder is offline, so nothing is asked of the Hub." in done.stderr
    assert not hub.requests
