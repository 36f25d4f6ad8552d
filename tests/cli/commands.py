"""Commands as a user types them, for tests."""

from typer.testing import CliRunner

from genface.cli.main import app


def genface(*words):
    result = CliRunner().invoke(app, [*map(str, words)], prog_name="genface")
    return result.exit_code, result.stdout, result.stderr


def done(*words) -> str:
    code, stdout, stderr = genface(*words)
    assert code == 0, stderr
    return stdout


def refused(*words) -> str:
    """The one line that a refused command prints."""
    code, stdout, stderr = genface(*words)
    assert code == 2 and len(stderr.splitlines()) == 1 and not stdout, stderr
    return stderr
