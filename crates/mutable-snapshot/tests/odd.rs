//! Repositories as people have them: LFS, names in every encoding, deep folders, many files, a big one; and clocks that go
//! wrong.

use camino::{Utf8Path, Utf8PathBuf};
use testkit::Sandbox;

fn snapshot(sandbox: &Sandbox, studio: &Utf8Path) -> Utf8PathBuf {
    sandbox.run(studio, "git mutable-snapshot -q --no-push").ok().into()
}

/// A snapshot is what it says: by looks, by reading, and for git.
#[track_caller]
fn is_sound(sandbox: &Sandbox, snapshot: &Utf8Path) {
    let id = snapshot.file_name().expect("an id");
    let quick = sandbox.run("", &format!("studio -v --verify {id}"));
    quick.ok();
    assert!(quick.stderr.contains("looks as it did when it was sealed"), "{quick}");
    sandbox.run("", &format!("studio --verify {id} --full")).ok();
    assert_eq!(sandbox.run(snapshot, "git --no-optional-locks status --porcelain").ok(), "");
}

/// What git-lfs does, by the same protocol: big files lie beside the repository, and pointers to them in it.
const LFS: &str = r#"#!/usr/bin/perl
use strict; use Digest::SHA 'sha256_hex'; binmode STDIN; binmode STDOUT; $| = 1;
my $store = "$ENV{HOME}/lfs"; mkdir $store;
sub packet { my ($head, $body); exit 0 if read(STDIN, $head, 4) != 4; return undef if $head eq "0000";
    read(STDIN, $body, hex($head) - 4); $body }
sub words { my @all; while (defined(my $one = packet())) { chomp $one; push @all, $one } @all }
sub bytes { my $all = ""; while (defined(my $one = packet())) { $all .= $one } $all }
sub put { printf "%04x%s", 4 + length $_, $_ for @_ }
sub done { print "0000" }
words(); put("git-filter-server\n", "version=2\n"); done();
words(); put("capability=clean\n", "capability=smudge\n"); done();
while (1) {
    my %head = map { split /=/, $_, 2 } words(); my $in = bytes(); my $out = $in;
    if ($head{command} eq "clean" && $in !~ /^version https:..git-lfs/) {
        my $oid = sha256_hex($in); open my $f, ">:raw", "$store/$oid"; print $f $in; close $f;
        $out = "version https://git-lfs.github.com/spec/v1\noid sha256:$oid\nsize " . length($in) . "\n";
    } elsif ($head{command} eq "smudge" && $in =~ /^oid sha256:(\w+)$/m) {
        open my $f, "<:raw", "$store/$1" or die; local $/; $out = <$f>;
    }
    put("status=success\n"); done(); put(unpack "(a60000)*", $out); done(); done();
}
"#;

#[test]
fn files_of_lfs_are_files_with_it_and_pointers_without() {
    let sandbox = Sandbox::new();
    sandbox.upstream();
    sandbox.write("home/lfs-filter", LFS);
    let plain = sandbox.read("home/.gitconfig");
    let script = "chmod +x lfs-filter; git config --global filter.lfs.process $HOME/lfs-filter
        git config --global filter.lfs.required true";
    sandbox.sh("home", script).ok();
    let with = sandbox.studio("with");
    let make = "printf '*.bin filter=lfs diff=lfs merge=lfs -text\n' >.gitattributes
        mkdir art; seq 100000 >art/one.bin; printf '\\0\\r\\n' >two.bin; cp two.bin three.bin; : >empty.bin";
    sandbox.sh(&with, make).ok();
    let taken = snapshot(&sandbox, &with);
    let pointer = "version https://git-lfs.github.com/spec/v1";
    assert!(sandbox.run(&taken, "git show HEAD:art/one.bin").ok().starts_with(pointer));
    let same =
        format!("for f in art/one.bin two.bin three.bin empty.bin; do cmp $f {with}/$f; done");
    sandbox.sh(&taken, &same).ok();
    assert_eq!(sandbox.sh(&taken, "stat -c '%a %Y %h' art/one.bin").ok(), "444 1 1");
    is_sound(&sandbox, &taken);
    sandbox.run(&with, "git push -q origin HEAD:main").ok();
    let other = sandbox.studio("other");
    sandbox.sh(&other, &same).ok();
    assert_eq!(sandbox.run(&other, "git status --porcelain").ok(), "");
    let damage = "chmod u+w two.bin; echo x >two.bin; touch -d @1 two.bin; chmod 444 two.bin";
    sandbox.sh(&taken, damage).ok();
    let id = taken.file_name().expect("an id");
    let refused = sandbox.run("", &format!("studio --verify {id}"));
    assert!(refused.fails(1).stderr.contains("\n  changed: two.bin\nhint: "), "{refused}");
    sandbox.run("", &format!("studio --repair {id}")).ok();
    is_sound(&sandbox, &taken);

    // Somebody who has no git-lfs has the pointers, and what is taken there is the same commit's tree.
    sandbox.write("home/.gitconfig", plain);
    let without = sandbox.studio("without");
    assert!(sandbox.read(without.join("art/one.bin")).starts_with(pointer));
    sandbox.write(without.join("more"), "more\n");
    let second = snapshot(&sandbox, &without);
    assert!(sandbox.read(second.join("art/one.bin")).starts_with(pointer));
    assert_eq!(sandbox.run(&second, "git diff --stat HEAD~ -- art two.bin").ok(), "");
    is_sound(&sandbox, &second);
}

#[test]
fn names_in_every_encoding_that_differ_in_case_and_lie_two_hundred_folders_deep() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let script = r#"
        echo 1 >README; echo 2 >readme; echo 3 >ReadMe; mkdir Dir dir; echo 4 >Dir/x; echo 5 >dir/X
        for name in 'größe' '\344\366\374' '日本語' '\223\372\226{' '\033[31m' '\001' ' ' ' x ' '-n' '\\' '\"' "'" '*' '?' '[a]' \
            '$(x)' '%%s' '\011tab' '\012' 'é' 'e\314\201' '\377' ':x' '~' '#' '!' 'a:b' 'CON' 'x.' '.x'; do
            name=$(printf -- "$name."); name=${name%.}; echo "$name" >"./$name"; mkdir "./d$name"; echo y >"./d$name/$name"
        done
        path=deep; for n in $(seq 200); do path=$path/d; done; mkdir -p $path; echo bottom >$path/file
        path=long; for n in $(seq 12); do path=$path/$(printf 'n%.0s' $(seq 250)); done; mkdir -p $path; echo long >$path/file"#;
    sandbox.sh(&studio, script).ok();
    let taken = snapshot(&sandbox, &studio);
    is_sound(&sandbox, &taken);
    let same = format!(
        "diff -r --no-dereference --exclude=.git . {taken} && find . -type f -not -path './.git/*' | wc -l"
    );
    assert_eq!(sandbox.sh(&studio, &same).ok(), "73");
    // A studio of it has the same, and so has one that is brought there.
    sandbox.run(&studio, "git push -q origin HEAD:main").ok();
    let other = sandbox.studio("other");
    assert_eq!(sandbox.sh(&other, &same).ok(), "73");
    sandbox.run(&other, "git mutable-hydrate HEAD~").ok();
    sandbox.run(&other, &format!("git mutable-hydrate {}", taken.file_name().expect("an id"))).ok();
    assert_eq!(sandbox.sh(&other, &same).ok(), "73");
    // Damage is named, whatever the name is.
    sandbox
        .sh(
            &taken,
            "for f in ./*; do [ -f \"$f\" ] || continue; chmod u+w \"$f\"; echo x >>\"$f\"; done",
        )
        .ok();
    let id = taken.file_name().expect("an id");
    let refused = sandbox.run("", &format!("studio --verify {id}"));
    assert!(refused.fails(1).stderr.contains("differences\n  changed: "), "{refused}");
    sandbox.run("", &format!("studio --repair {id}")).ok();
    is_sound(&sandbox, &taken);
}

#[test]
fn many_files_and_a_second_snapshot_that_links_all_but_one() {
    let sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let (folders, files) = if testkit::thorough() { (1000, 100) } else { (200, 100) };
    let make = format!(
        "awk 'BEGIN {{ for (d = 0; d < {folders}; d++) {{ system(\"mkdir -p many/\" d);
             for (f = 0; f < {files}; f++) {{ p = \"many/\" d \"/\" f; print d * {files} + f >p; close(p) }} }} }}'"
    );
    sandbox.sh(&studio, &make).ok();
    let first = snapshot(&sandbox, &studio);
    sandbox.write(studio.join("many/7/7"), "changed\n");
    let second = snapshot(&sandbox, &studio);
    is_sound(&sandbox, &first);
    is_sound(&sandbox, &second);
    let shared = format!("find {first} {second} -path '*/many/*' -type f -links 3 | wc -l");
    assert_eq!(sandbox.sh("", &shared).ok(), (2 * (folders * files - 1)).to_string());
    // The second takes its folders, its index, and one file.
    let second_alone = sandbox
        .sh("", &format!("du -s -BK {first} {second} | tail -n 1 | tr -dc '0-9K' | cut -dK -f1"))
        .ok();
    let folders_take = (folders + 10) * 4 + folders * files / 8;
    assert!(second_alone.parse::<usize>().expect("a size") < folders_take, "{second_alone} KiB");
}

#[test]
fn clocks_that_go_back_take_nothing_away_and_hide_nothing() {
    let mut sandbox = Sandbox::new();
    let studio = sandbox.studio("try");
    let mut taken = vec![];
    for n in 0..3 {
        sandbox.write(studio.join("motd"), format!("{n}\n"));
        taken.push(snapshot(&sandbox, &studio));
    }
    sandbox.run("", "studio --remove try --force").ok();
    let clean = "studio --clean --keep 0 --younger-than 1d --yes";
    let there =
        |taken: &[Utf8PathBuf]| -> Vec<bool> { taken.iter().map(|path| path.exists()).collect() };
    // Folders of the future, and of a past before there were computers.
    sandbox
        .sh("", &format!("touch -d 2099-01-01 {}; touch -d @-86400000 {}", taken[0], taken[1]))
        .ok();
    sandbox.run("", clean).ok();
    assert_eq!(there(&taken), [true, false, true]);
    // Files of the future: they look otherwise, are read, and are right; or wrong, and are refused.
    for n in [0, 2] {
        sandbox.sh(&taken[n], "touch -d 2099-01-01 motd flake.nix").ok();
        let id = taken[n].file_name().expect("an id");
        sandbox.run("", &format!("studio --verify {id}")).ok();
    }
    sandbox.sh(&taken[2], "chmod u+w motd; echo x >motd; chmod 444 motd; touch -d @1 motd").ok();
    let id = taken[2].file_name().expect("an id");
    sandbox.run("", &format!("studio --verify {id}")).fails(1);
    // A day that was set back to the beginning of time keeps everything.
    sandbox.set("STUDIO_NOW", "86400");
    sandbox.run("", clean).ok();
    assert_eq!(there(&taken), [true, false, true]);
    sandbox.run("", &format!("studio --repair {id}")).ok();
    is_sound(&sandbox, &taken[2]);
}
