"""Times as all staff pages write them: Nov. 30, 2026, 5:00 PM. Django would write 5 p.m., noon and midnight."""

DATETIME_FORMAT = "N j, Y, g:i A"
TIME_FORMAT = "g:i A"
