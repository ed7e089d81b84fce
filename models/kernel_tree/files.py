# SPDX-License-Identifier: GPL-2.0-only
"""Which files of a kernel tree are read beside that of the function under review."""

# In the order in which the kernel's own #include lines would bring them.
LIBRARY = {
    "x86_64": ("include/linux/pgtable.h",),
    "arm64": ("arch/arm64/include/asm/pgtable.h", "include/linux/pgtable.h", "arch/arm64/mm/contpte.c"),
}
# Files that the kernel compiles under an option only.
GATED = {"arch/arm64/mm/contpte.c": "CONFIG_ARM64_CONTPTE"}
BATCH = ("mm/internal.h", "mm/util.c")
READ = tuple(dict.fromkeys((*BATCH, *LIBRARY["x86_64"], *LIBRARY["arm64"])))
