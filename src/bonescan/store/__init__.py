"""What the node has received and made: bytes in files, everything about them in one SQLite database.

::

    STORE/store.sqlite3        studies, objects, jobs, sendings, reports
          lock                 held by the one process that receives
          objects/ab/abcd….dcm the objects as they came, named by a SHA-256 of all of it
          results/study-000001.1/scan-1/…  revision 1 of study 1; appears when it is complete
          work/                what is being made; emptied when the node starts
"""
