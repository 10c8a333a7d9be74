"""The Windows print protocols: [MS-RPRN] and [MS-PAR].

idl/       the interfaces as data, in the specifications' own names
infos      the custom-marshalled INFO structures, and buffers, which packs them
constants  werror  devmode  forms  security    numbers and small formats
server/    the door: handlers over the spooler
"""
