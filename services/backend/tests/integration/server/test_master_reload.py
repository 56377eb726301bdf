"""SIGHUP: new code and settings, the same process and sockets, no request lost."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import time
from pathlib import Path

from services.backend.tests.integration.server.harness import Load, ask, eventually, is_alive, running


def test_new_code_is_served_under_the_same_process_id(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        assert service.get("/word").text == "first"
        service.write_word("second")
        service.signal(signal.SIGHUP)
        assert eventually(lambda: service.get("/word").text == "second")
        assert service.process.poll() is None


def test_new_settings_change_the_number_of_workers(tmp_path: Path) -> None:
    with running(tmp_path, workers=1, ports=[0]) as service:
        before = service.pid_of()
        service.settings["workers"] = 2
        service.write_settings()
        service.signal(signal.SIGHUP)
        service.wait_event("reloaded")
        assert eventually(lambda: {service.get().json["index"] for _ in range(20)} == {0, 1})
        assert eventually(lambda: not is_alive(before))


def test_a_kept_alive_connection_outlives_the_process_that_served_it(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        connection = service.connect()
        before = ask(connection).json["pid"]
        sock = connection.sock
        service.signal(signal.SIGHUP)
        eventually(lambda: not is_alive(before))
        answer = ask(connection)
        assert answer.json["pid"] != before
        assert answer.headers["Connection"] == "keep-alive"
        assert connection.sock is sock
        connection.close()


def test_a_request_in_flight_is_finished_by_the_old_code(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        with service.held() as (connection,):
            service.signal(signal.SIGHUP)
            service.wait_event("reloaded")
        assert connection.getresponse().read() == b"held"
        assert ask(connection).status == 200


def test_half_a_head_is_finished_with_the_new_generation(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        before = service.pid_of()
        with service.dial() as sock:
            sock.sendall(b"GET /word HT")
            time.sleep(0.2)
            service.signal(signal.SIGHUP)
            eventually(lambda: not is_alive(before))
            sock.sendall(b"TP/1.1\r\nHost: x\r\n\r\n")
            response = http.client.HTTPResponse(sock)
            response.begin()
            assert response.read() == b"first"


def test_twenty_reloads_under_load_fail_no_request(tmp_path: Path) -> None:
    with running(tmp_path, workers=2, ports=[0, 0]) as service:
        with Load(service, keeping=6, fresh=2, workers=[0, 1]) as load:
            for _ in range(20):
                service.signal(signal.SIGHUP)
                time.sleep(0.25)
            # One that is asked for while another is under way becomes one with it.
            assert eventually(lambda: len(service.events("reloaded")) >= 3 and load.answered > 100)
        assert load.failures == []


def test_signals_that_never_cease_do_not_keep_the_reload_from_happening(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        service.write_word("second")

        def signal_again() -> bool:
            service.signal(signal.SIGHUP)
            return service.get("/word").text == "second"

        assert eventually(signal_again)


def test_a_failed_check_changes_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        pid = service.pid_of()
        (tmp_path / "word.py").write_text("WORD = \n")
        service.signal(signal.SIGHUP)
        service.wait_event("reload refused")
        assert service.pid_of() == pid
        assert service.get("/word").text == "first"
        service.write_word("repaired")
        service.signal(signal.SIGHUP)
        assert eventually(lambda: service.get("/word").text == "repaired")


def test_a_generation_that_cannot_boot_leaves_the_old_one_at_work(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        pid = service.pid_of()
        service.settings["boot_code"] = 42
        service.write_settings()
        service.signal(signal.SIGHUP)
        service.wait_event("process died", count=2)
        assert service.pid_of() == pid
        service.settings["boot_code"] = 0
        service.write_settings()
        service.signal(signal.SIGHUP)
        service.wait_event("reloaded")
        assert eventually(lambda: service.pid_of() != pid)


def test_a_port_that_cannot_be_had_leaves_the_old_generation_at_work(tmp_path: Path) -> None:
    with running(tmp_path) as service, socket.create_server(("127.0.0.1", 0)) as other:
        pid = service.pid_of()
        service.settings["ports"] = [other.getsockname()[1]]
        service.write_settings()
        service.signal(signal.SIGHUP)
        service.wait_event("process not forked")
        assert service.pid_of() == pid


def test_a_stop_during_a_reload_stops_both_generations(tmp_path: Path) -> None:
    with running(tmp_path, workers=2, ports=[0, 0]) as service:
        service.signal(signal.SIGHUP)
        time.sleep(0.1)
        service.signal(signal.SIGTERM)
        assert service.wait_exit() == 0
        assert not any(is_alive(event["pid"]) for event in service.events("process ready"))


def test_a_killed_worker_is_replaced_after_a_reload_too(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        service.signal(signal.SIGHUP)
        service.wait_event("reloaded")
        pid = eventually(lambda: service.pid_of())
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: service.pid_of() != pid)


def test_children_of_a_reloaded_master_die_with_it(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        service.signal(signal.SIGHUP)
        service.wait_event("reloaded")
        pids = [event["pid"] for event in service.events("process ready")]
        service.signal(signal.SIGKILL)
        service.wait_exit()
        assert eventually(lambda: not any(is_alive(pid) for pid in pids))


def test_the_watcher_reloads_when_a_file_changes(tmp_path: Path) -> None:
    with running(tmp_path, watch=True) as service:
        service.write_word("watched")
        assert eventually(lambda: service.get("/word").text == "watched")
