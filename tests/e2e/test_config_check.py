"""signalbox config check: it says ok where `run` starts, and otherwise what `run` says."""
import subprocess

import pytest

from conftest import listener_tls
from rig import host
from support.pgwire import connect

WRONG_POLICY = "policy: wrong\nrules:\n  - {name: the rule, then: [deni]}\n"


@pytest.fixture
def files(tmp_path, authority, server_certificate):
    """What configurations name: NAME -> path. `text` is a file that is nothing in particular."""
    (tmp_path / "text").write_text("nothing in particular\n")
    (tmp_path / "folder").mkdir()
    certificate, key = server_certificate
    return {"text": str(tmp_path / "text"), "folder": str(tmp_path / "folder"), "certificate": str(certificate), "key": str(key),
            "other_key": str(authority.key), "below_text": str(tmp_path / "text" / "below"),
            "missing": str(tmp_path / "missing" / "audit.log")}


def listener(**tls):
    return {"listeners": [{"name": "main", "address": "127.0.0.1:0", "tls": tls}]}


def target(**tls):
    return {"targets": [{"name": "main", "address": "127.0.0.1:5432", "tls": tls}]}


# What is in `config` is named by its place in `files`; the words are in what both say.
MISTAKES = {
    "certificate": (listener(mode="allow", certificate="text", key="key"), ["cannot use the certificate", "text"]),
    "key": (listener(mode="allow", certificate="certificate", key="text"), ["cannot use the private key", "text"]),
    "key_of_another": (listener(mode="allow", certificate="certificate", key="other_key"), ["cannot use the private key", "key values mismatch"]),
    "client_ca": (listener(mode="allow", certificate="certificate", key="key", client_ca="text", client_certificates="require"),
                  ["cannot use the client CA", "text"]),
    "target_ca": (target(mode="verify-full", ca="text"), ["cannot use the CA", "text"]),
    "target_certificate": (target(mode="require", certificate="text", key="key"), ["cannot use the certificate", "text"]),
    "shared_ca": ({"shared": {"address": "127.0.0.1:6379", "tls": {"mode": "verify-ca", "ca": "text"}}}, ["cannot use the CA", "text"]),
    "scram": ({"gateway": {"scram_file": "text"}}, ["text:1: not of the form"]),
    "opa_ca": ({"policy": {"engine": "opa", "opa": {"url": "https://127.0.0.1:8181", "ca": "text"}}}, ["cannot use the CA", "text"]),
    "opa_url": ({"policy": {"engine": "opa", "opa": {"url": "nonsense"}}}, ["nonsense"]),
    "policy_key": ({"policy": {"verification": {"key": "text"}}}, ["bundle_signature_error"]),
    "queue": ({"queue": {"directory": "below_text"}}, ["text"]),
    "audit_log": ({"actions": {"audit_log": "missing"}}, ["missing"]),
    "audit_log_folder": ({"actions": {"audit_log": "folder"}}, ["folder"]),
    "log": ({"observability": {"log_output": "below_text"}}, ["text"]),
    "log_folder": ({"observability": {"log_output": "folder"}}, ["folder"]),
}


def placed(value, files):
    if isinstance(value, dict):
        return {key: placed(one, files) for key, one in value.items()}
    if isinstance(value, list):
        return [placed(one, files) for one in value]
    return files.get(value, value)


def ask(gateway, *words):
    """The exit code, and what is said on standard error."""
    done = subprocess.run([str(gateway.binary), *words], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def check(gateway):
    return ask(gateway, "config", "check", str(gateway.config_file))


@pytest.mark.parametrize("name", MISTAKES)
def test_what_run_refuses(make_gateway, files, name):
    changes, words = MISTAKES[name]
    gateway = make_gateway(start=False, rules={}, config=placed(changes, files))
    gateway.write_config()
    code, refused = ask(gateway, "run", "-c", str(gateway.config_file))
    assert code != 0, refused
    code, said = check(gateway)
    assert code == 1, said
    assert all(word in refused and word in said for word in words), f"run: {refused}\nconfig check: {said}"
    if name not in ("queue", "audit_log", "audit_log_folder", "log", "log_folder", "policy_key"):
        message = next(line for line in refused.splitlines() if line.startswith("signalbox: "))
        assert message.removeprefix("signalbox: ") in said


def test_policies_that_do_not_load(make_gateway):
    gateway = make_gateway(start=False, rules={"wrong.policy.yaml": WRONG_POLICY})
    gateway.write_config()
    code, refused = ask(gateway, "run", "-c", str(gateway.config_file))
    assert code == 1 and "wrong.policy.yaml:3:29: policy_unknown_action: there is no action deni" in refused
    assert check(gateway) == (1, refused)


def test_all_mistakes_at_once(make_gateway, files):
    wrong = {**listener(mode="allow", certificate="text", key="key"), **target(mode="verify-full", ca="text"),
             "gateway": {"scram_file": "text"}, "queue": {"directory": "below_text"}}
    gateway = make_gateway(start=False, rules={"wrong.policy.yaml": WRONG_POLICY}, config=placed(wrong, files))
    gateway.write_config()
    code, said = check(gateway)
    assert code == 1
    assert [line.split(": ")[1] for line in said.splitlines() if line.startswith("config_unusable: ")] == [
        'listener "main"', 'target "main"', "gateway.scram_file", "queue.directory cannot be written"]
    assert "policy_unknown_action" in said


def test_ok_leaves_nothing_behind_and_disturbs_nobody(make_gateway, server_certificate):
    gateway = make_gateway(start=False, rules={}, tls=listener_tls(server_certificate))
    gateway.write_config({"observability": {"log_output": str(gateway.folder / "logs" / "gateway.log")}})
    before = sorted(gateway.folder.rglob("*"))
    code, said = check(gateway)
    assert code == 0 and said.endswith(": ok\n"), said
    assert sorted(gateway.folder.rglob("*")) == before
    gateway.write_config({"observability": {"log_output": "stderr"}})
    gateway.start()
    assert check(gateway)[0] == 0  # its queue and its addresses are taken, by itself
    with connect(gateway) as wire:
        assert wire.rows("select 1") == [("1",)]


def test_logs_stand_beside_the_configuration(make_gateway):
    """As everything that it names by a relative path, wherever the gateway is started from."""
    gateway = make_gateway(start=False, rules={}, config={"actions": {"audit_log": "missing/audit.log"}})
    gateway.write_config()
    code, said = check(gateway)
    assert code == 1 and str(gateway.folder / "missing") in said
    gateway.config["actions"]["audit_log"] = "beside.log"
    gateway.write_config({"observability": {"log_output": "logs/gateway.log"}})
    code, said = check(gateway)
    assert code == 0, said
    program = subprocess.Popen([str(gateway.binary), "run", "-c", str(gateway.config_file)], cwd="/", stderr=subprocess.PIPE)
    try:
        files = [gateway.folder / "logs" / "gateway.log", gateway.folder / "beside.log"]
        host.wait_until(lambda: all(one.exists() for one in files), 20, "both logs")
    finally:
        program.terminate()
        program.wait(20)
