//! The soak: snapshots, studios, cleaning and hydrating on one `STUDIO_HOME`, each killed at a random moment in a random
//! way. Nothing is lost, and the next command of each kind heals what is left.
//!
//! `cargo xtask test --thorough` plays 500 rounds and prints what came of them; `STUDIO_TEST_SEED` plays the same again.

mod soundness;
mod tally;
mod world;

use tally::{Remains, Tally};
use testkit::Dice;
use world::{Command, World};

#[test]
fn whatever_is_killed_at_random_nothing_is_lost_and_the_next_command_heals() {
    let dice = Dice::new();
    let seed = dice.seed();
    let mut world = World::new(dice);
    let mut tally = Tally::default();
    let rounds = testkit::rounds(25, 500);
    for round in 0..rounds {
        world.tell(format!("round {round} of seed {seed}"));
        world.work(round);
        let before = world.holdings();
        let command = world.dice.of(&Command::ALL);
        world.prepare(command);
        let end = world.kill(command);
        world.faults_after_kill(command, &before);
        let remains = Remains::of(&world);
        tally.count(command, end, remains);
        world.heal(command);
        world.faults_when_healed(&before);
        world.turn_over(round);
    }
    world.give_up_everything();
    let remains = Remains::of(&world);
    assert_eq!(remains, Remains::default(), "not all was healed\n{}", world.story());
    testkit::report("random-kills-of-snapshots.md", &tally.markdown(seed));
    let killed = tally.killed();
    assert!(killed >= rounds / 4, "only {killed} of {rounds} were killed at work: {tally:?}");
}
