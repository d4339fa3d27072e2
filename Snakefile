# Entry of the workflow. `snakemake` alone rebuilds the default experiment;
# `snakemake --config experiment=toy` another one of config/experiments/.
import gc
import os
import sys

from snakemake.utils import min_version

min_version("9.20")

# All that stands in memory now is the workflow manager, which stays: to look for garbage in it
# again and again takes 0.2 s of a start.
gc.freeze()

# Every job sees the library, whether it runs in the venv, in conda, or on a cluster node, and
# numerical libraries use one thread: threads change the last bits of a result. Where the C library
# is glibc, memory of arrays that come and go stays with the process: giving it back and asking
# again took an eighth of a replica's time.
sys.path.insert(0, os.path.join(workflow.basedir, "src"))
os.environ.update(
    PYTHONPATH=os.path.join(workflow.basedir, "src"),
    OMP_NUM_THREADS="1",
    OPENBLAS_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    MALLOC_MMAP_THRESHOLD_="268435456",
    MALLOC_TRIM_THRESHOLD_="268435456",
)
# Where bytecode is not kept, every job compiles a hundred modules of the library again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


include: "workflow/rules/common.smk"
include: "workflow/rules/settings.smk"
include: "workflow/rules/exhibits.smk"
include: "workflow/rules/parameters.smk"
include: "workflow/rules/theory.smk"
include: f"workflow/rules/{'laboratory' if SIMULATED else 'recordings_from_files'}.smk"
include: "workflow/rules/calibration.smk"
include: "workflow/rules/inference.smk"
include: "workflow/rules/coverage.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/figures_calibration.smk"
include: "workflow/rules/figures_supplement.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/pages.smk"
include: "workflow/rules/audit.smk"  # the last: it checks the products of all rules above
include: "workflow/rules/running.smk"  # after all rules


report: "workflow/report/workflow.rst"


localrules:
    all,


rule all:
    default_target: True
    input:
        PRODUCTS,


onstart:
    announce(workflow)


onsuccess:
    conclude()
