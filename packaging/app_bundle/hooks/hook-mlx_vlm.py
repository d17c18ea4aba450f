"""What PyInstaller cannot see of mlx-vlm: models, drafters and trainers are imported by name."""

from bundle_contents import MLX_FAMILIES
from PyInstaller.utils.hooks import collect_submodules

hiddenimports = [
    *(module for family in MLX_FAMILIES for module in collect_submodules(f"mlx_vlm.models.{family}")),
    *collect_submodules("mlx_vlm.trainer"),
    *collect_submodules("mlx_vlm.quantization"),
]
