"""The door for Windows: [MS-RPRN] and [MS-PAR] over the spooler.

desk        what all handlers share: the spooler, who is who, names and settings
table       which coroutine answers which call, and what a refusal becomes
names       handles    what clients open
printing    jobs  printers  data  drivers  forms   the handlers, by subject
describe    jobs and printers in Windows' words
service     the two RPC services made of all this
"""
