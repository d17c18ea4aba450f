"""What PyInstaller cannot see of MLX: its library and kernels, and what its C++ part imports by name."""

from PyInstaller.utils.hooks import collect_data_files, collect_dynamic_libs, collect_submodules

binaries = collect_dynamic_libs("mlx")
datas = collect_data_files("mlx", includes=["lib/*.metallib"])  # not the 700 header files
hiddenimports = [
    "mlx._reprlib_fix",
    "mlx.__array_api_info",
    "mlx.utils",
    "mlx.extension",
    *collect_submodules("mlx.nn"),
    *collect_submodules("mlx.optimizers"),
]
