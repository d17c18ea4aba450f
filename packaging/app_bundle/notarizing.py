"""Has Apple's notary look at what was built, and staples its ticket on, so that no network is needed to trust it.

Standard library only.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from build_commands import BuildError, failure

if TYPE_CHECKING:
    from pathlib import Path

    from build_commands import Steps

_ACCEPTED = "Accepted"
_SHOWN_ISSUES = 20


def require_profile(profile: str, steps: Steps) -> None:
    """Looks, before anything is built, whether the notary knows a profile of the keychain.

    Raises:
        BuildError: It does not.
    """
    try:
        steps.output(steps.tools.xcrun, "notarytool", "history", "--keychain-profile", profile)
    except BuildError as error:
        raise BuildError(
            f"Apple's notary cannot be asked with the profile “{profile}”. "
            f"Make one: xcrun notarytool store-credentials {profile}\n      {error}"
        ) from error


def notarize_app(app: Path, profile: str, work_dir: Path, steps: Steps) -> None:
    """Sends an .app to the notary, waits, and staples the ticket on it.

    It is sent as ditto's archive: that of zip loses links, and with them the signature.

    Raises:
        BuildError: The notary refused, with its reasons, or something failed.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    archive = work_dir / f"{app.stem}.zip"
    steps.output(steps.tools.ditto, "-c", "-k", "--keepParent", "--sequesterRsrc", app, archive)
    try:
        submit(archive, profile, steps)
    finally:
        archive.unlink(missing_ok=True)
    staple(app, steps)


def submit(file: Path, profile: str, steps: Steps) -> None:
    """Sends a file to the notary and waits for what it says.

    Raises:
        BuildError: It refused; the text has each of its reasons.
    """
    notarytool = [steps.tools.xcrun, "notarytool"]
    asked = ["--keychain-profile", profile]
    command = [*notarytool, "submit", str(file), *asked, "--wait", "--output-format", "json"]
    done = steps.call(command, None, None)
    answer = _answer(done.output)
    status, submission = answer.get("status"), answer.get("id")
    if done.code == 0 and status == _ACCEPTED:
        return
    if not isinstance(submission, str) or status is None:
        raise BuildError(failure(command, done))
    log = steps.call([*notarytool, "log", submission, *asked], None, None)
    reasons = _reasons(_answer(log.output)) if log.code == 0 else [failure(["notarytool", "log", submission], log)]
    told = "".join(f"\n      {reason}" for reason in reasons) or f" It gave no reasons: {answer.get('message', '')}"
    raise BuildError(f"Apple's notary answered “{status}” to {file.name} (submission {submission}).{told}")


def staple(file: Path, steps: Steps) -> None:
    """Staples the notary's ticket on an .app or a disk image, and looks whether it holds.

    Raises:
        BuildError: It cannot be stapled.
    """
    try:
        for verb in ("staple", "validate"):
            steps.output(steps.tools.xcrun, "stapler", verb, file)
    except BuildError as error:
        raise BuildError(
            f"{file.name} is notarized, but its ticket is not on it. The ticket may take some minutes to be there; "
            f"then: xcrun stapler staple {file}\n      {error}"
        ) from error


def _answer(output: str) -> dict[str, Any]:
    try:
        answer = json.loads(output)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _reasons(log: dict[str, Any]) -> list[str]:
    issues = [issue for issue in log.get("issues") or () if isinstance(issue, dict)]
    shown = [
        f"{issue.get('severity', 'error')}: {issue.get('path', '')}: {issue.get('message', '')}"
        for issue in issues[:_SHOWN_ISSUES]
    ]
    more = len(issues) - len(shown)
    return [*shown, f"and {more} more"] if more else shown
