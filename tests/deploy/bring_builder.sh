#!/bin/sh
# Brings what builds the image where there is no engine for containers, as any user and without root:
#   bring_builder.sh FOLDER
# buildah, out of the packages of this machine's own distribution (Debian or Ubuntu), into FOLDER/programs, and packages
# of the same for roots to build on: a small system with Python into FOLDER/base, and what the base of the building
# stage has besides into FOLDER/tools.
set -eu

if ! command -v apt-get > /dev/null; then
    echo "The image is not built by the tests here: there is no apt-get to bring a builder with." >&2
    exit 0
fi
mkdir -p "$1"
folder=$(realpath "$1")
work=$folder/work
rm -rf "$work"
for name in base programs tools; do
    rm -rf "${folder:?}/$name"
    mkdir -p "$folder/$name/usr" "$work/$name/partial"
done
mkdir -p "$work/lists/partial"
: > "$work/nothing-installed"

apt() {
    apt-get -qq -o Dir::State="$work" -o Dir::State::lists="$work/lists" -o Dir::Cache="$work" -o Dir::Log="$work" \
        -o APT::Sandbox::User= -o Debug::NoLocking=1 -o Acquire::Languages=none -o APT::Install-Recommends=0 "$@"
}
download() { # what is installed, into where, packages
    status=$1
    into=$2
    shift 2
    apt -o Dir::State::status="$status" -o Dir::Cache::archives="$into" --yes --download-only install "$@" > /dev/null
}
unpack() { # from where, into where
    for package in "$1"/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -xp --no-same-owner --keep-directory-symlink --directory "$2"
    done
}

apt -o Dir::State::status="$work/nothing-installed" update
download /var/lib/dpkg/status "$work/programs" buildah
download "$work/nothing-installed" "$work/base" '?essential' passwd python3-venv
cp "$work"/base/*.deb "$work/tools"
download "$work/nothing-installed" "$work/tools" '?essential' binutils
for package in "$work"/base/*.deb; do rm "$work/tools/${package##*/}"; done

unpack "$work/programs" "$folder/programs"
unpack "$work/tools" "$folder/tools"
for name in bin lib lib64 sbin; do
    mkdir "$folder/base/usr/$name"
    ln -s "usr/$name" "$folder/base/$name"
done
unpack "$work/base" "$folder/base"
cp "$folder/base/usr/share/base-passwd/passwd.master" "$folder/base/etc/passwd"
cp "$folder/base/usr/share/base-passwd/group.master" "$folder/base/etc/group"

rm -rf "$work" "$folder/base/usr/share/doc" "$folder/base/usr/share/man" "$folder/base/usr/share/locale"
