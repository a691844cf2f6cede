"""How requests arrive: connections, bodies and deadlines, before a thread is taken for one."""
