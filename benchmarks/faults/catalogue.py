"""Every fault, with what it may cost."""

from benchmarks.faults import hosts, network, processes, receivers, sessions
from benchmarks.faults.fault import Fault

FAULTS = {
    fault.name: fault
    for fault in (
        Fault(processes.web, gap=15),
        Fault(processes.workers),
        Fault(processes.scheduler),
        Fault(processes.database, gap=10),
        Fault(sessions.backend, gap=10),
        Fault(sessions.crashed_backend, gap=10),
        Fault(sessions.connections, gap=20),
        Fault(sessions.idle_reader),
        Fault(sessions.locked_table, gap=15, answer=10),
        Fault(receivers.storm),
        Fault(receivers.silent_receiver),
        Fault(receivers.day_without_receiver),
        Fault(network.silent_database, gap=90, answer=60),
        Fault(hosts.full_disk, gap=45, answer=30, disk="700m"),
        Fault(hosts.clock_forward),
        Fault(hosts.clock_back),
    )
}
