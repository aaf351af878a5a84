"""What tools/bench measures: the contenders, the workloads, idle sessions, and the page that shows the figures."""
