"""An SDR's desk on screen: the tasks of both systems, and where their leads stand."""
