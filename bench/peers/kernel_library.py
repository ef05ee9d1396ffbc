"""Says where a package's shared object with C symbols is: its path, then that of the Python library
whose symbols it needs (an empty line where this Python has none). For `bench kernels --peers`."""

import importlib.util
import pathlib
import sys
import sysconfig

MODULES = {"simsimd": "simsimd", "numkong": "numkong._numkong"}


def python_library():
    """The interpreter as a shared library, or None: an executable gives its symbols to nobody."""
    names = [sysconfig.get_config_var(key) for key in ("INSTSONAME", "LDLIBRARY")]
    library = pathlib.Path(sysconfig.get_config_var("LIBDIR") or "/usr/lib")
    folders = [library, library / (sysconfig.get_config_var("MULTIARCH") or "")]
    for path in (folder / name for folder in folders for name in names if name):
        if ".so" in path.name and path.exists():
            return path
    return None


if __name__ == "__main__":
    print(importlib.util.find_spec(MODULES[sys.argv[1]]).origin)
    print(python_library() or "")
