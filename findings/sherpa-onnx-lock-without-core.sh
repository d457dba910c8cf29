#!/bin/sh
# sherpa-onnx 1.13.8 with uv 0.13.9: the files of one release name different dependencies. The wheel for Linux x86-64 needs
# sherpa-onnx-core (libonnxruntime.so is there), other files of the release name nothing. A lock holds one list for all
# platforms, and uv takes it from a file that names nothing: it locks and installs without a word, and the import fails.
# pip, which reads the wheel that it installs, brings both.
# Guess before looking: what is installed from a lock is what pip installs.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/pip"
"$dir/pip/bin/pip" install --quiet --disable-pip-version-check uv==0.13.9 numpy sherpa-onnx==1.13.8 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/pip/bin/python" -c 'import sherpa_onnx; print("pip: imported")'
mkdir "$dir/project"
cd "$dir/project"
cat >pyproject.toml <<'TOML'
[project]
name = "one"
version = "0"
requires-python = ">=3.11"
dependencies = ["numpy", "sherpa-onnx==1.13.8"]
TOML
unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT
"$dir/pip/bin/uv" sync --quiet --system-certs
if grep -q 'name = "sherpa-onnx-core"' uv.lock; then
    echo "uv: the lock has sherpa-onnx-core"
    exit 1
fi
said=$(.venv/bin/python -c 'import sherpa_onnx' 2>&1 || true)
echo "uv: ${said##*
}"
case $said in *libonnxruntime*) ;; *) exit 1 ;; esac
