package io.pgbackup.cli.demo;

import io.pgbackup.cli.demo.Shop.Books;
import io.pgbackup.problem.Problem;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.wording.Sizes;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// What happens: orders are written, the schedule fires, a table is dropped, and three ways lead
/// back. Each step is checked against what the shop held.
final class Story {
  private static final Duration A_FIRE_AND_A_BACKUP = Duration.ofSeconds(100);

  private static final int VISITS = 12;

  private final Narrator story;
  private final Stage stage;

  Story(Narrator story, Stage stage) {
    this.story = story;
    this.stage = stage;
  }

  void tell() {
    Books books = tradeUntilBackedUp();
    Instant target = makeTheMistake();
    showWindow();
    cloneTo(target, books);
    restoreInPlace(target, books);
    undo();
    sayWhatWasProved();
  }

  /// The shop opens, and closes some seconds after the scheduled base backup: the orders in between
  /// are in WAL only.
  private Books tradeUntilBackedUp() {
    try (Shop _ = Shop.openOn(stage.server())) {
      story.tell("a shop opens and writes twenty orders a second");
      backedUp("the agent has taken a first base backup", _ -> true);
      Instant fire = stage.status().schedule().next().orElseThrow();
      story.detail("the schedule '" + DemoConfig.SCHEDULE + "' fires next at " + fire);
      backedUp("it has fired", backup -> !backup.startTime().isBefore(fire));
      Waiting.untilAfter(Instant.now().plusSeconds(3));
    }
    Books books = Shop.books(stage.server());
    story.tell("the shop closes with %,d orders".formatted(books.orders()));
    return books;
  }

  private void backedUp(String what, Predicate<StatusSnapshot.Backup> wanted) {
    AtomicReference<Optional<StatusSnapshot.Backup>> found =
        new AtomicReference<>(Optional.empty());
    Waiting.until(
        "a base backup",
        A_FIRE_AND_A_BACKUP,
        () -> {
          found.set(stage.status().lastBackup().filter(wanted));
          return found.get().isPresent();
        });
    StatusSnapshot.Backup backup = found.get().orElseThrow();
    story.tell(
        "%s: %s, %s stored as %s"
            .formatted(
                what,
                backup.name(),
                Sizes.human(backup.uncompressedSize()),
                Sizes.human(backup.compressedSize())));
  }

  /// @return the whole second before the mistake; no order is younger
  private Instant makeTheMistake() {
    Waiting.untilAfter(Instant.now().truncatedTo(ChronoUnit.SECONDS).plusSeconds(2));
    Instant dropped = Shop.dropOrders(stage.server());
    story.blank();
    story.tell("DROP TABLE orders, by accident, at " + dropped);
    Shop.visitAndArchive(stage.server(), VISITS);
    story.tell("nobody notices; %d visits are written after it".formatted(VISITS));
    story.blank();
    return dropped.truncatedTo(ChronoUnit.SECONDS);
  }

  private void showWindow() {
    story.tell("$ pgbackup window");
    story.detail(stage.pgbackup().run(List.of("window")));
    story.blank();
  }

  private void cloneTo(Instant target, Books books) {
    run(
        "clone --cluster %s --timestamp %s".formatted(DemoConfig.CLUSTER, target),
        "--as shop-clone --target-dir " + stage.directory().cloned());
    DemoServer clone = stage.cloned();
    DemoConfig.append(
        clone.dataDirectory(), DemoConfig.local(clone.socketDirectory(), clone.port()));
    clone.start();
    compare("the clone", clone, books);
    clone.stop();
    story.blank();
  }

  private void restoreInPlace(Instant target, Books books) {
    run(
        "restore --cluster %s --timestamp %s".formatted(DemoConfig.CLUSTER, target),
        "--in-place --data-dir " + stage.server().dataDirectory(),
        "--stop --yes");
    compare("the shop's own server", stage.server(), books);
    story.blank();
  }

  /// The old data come back with their lineage, and it archives on.
  private void undo() {
    stage.server().stop();
    run("undo --yes --data-dir " + stage.server().dataDirectory());
    stage.server().start();
    if (Shop.hasOrders(stage.server()) || Shop.visits(stage.server()) != VISITS) {
      throw differs("the server after the undo is not the one before the restore");
    }
    Shop.visitAndArchive(stage.server(), VISITS);
    story.tell("undone: no orders, but the visits of after the mistake; WAL flows again");
    story.blank();
    story.tell("$ pgbackup clusters");
    story.detail(stage.pgbackup().run(List.of("clusters")));
    story.blank();
  }

  /// Runs a command line, shown as a person would type it, in lines.
  private void run(String... lines) {
    story.tell("$ pgbackup " + lines[0]);
    Stream.of(lines).skip(1).forEach(line -> story.detail("    " + line));
    stage.pgbackup().run(List.of(String.join(" ", lines).split(" ")));
  }

  private void compare(String who, DemoServer server, Books expected) {
    Books found = Shop.books(server);
    if (!found.equals(expected)) {
      throw differs("%s has %s instead of %s".formatted(who, found, expected));
    }
    story.tell(
        "%s has the same %,d orders, digest %s"
            .formatted(who, found.orders(), found.digest().substring(0, 8)));
  }

  private RuntimeException differs(String message) {
    return Problem.verificationFailed(
            message, "Please report this with the files in " + stage.directory().root() + ".")
        .asException();
  }

  private void sayWhatWasProved() {
    story.plain("Proved in " + story.elapsed().toSeconds() + " seconds:");
    story.plain("  a schedule takes base backups while orders are being written");
    story.plain("  a dropped table comes back, to the second before, in a clone beside the server");
    story.plain("  and in the server itself, as a new lineage that leaves the old one whole");
    story.plain("  and the restore can be taken back; the old lineage archives on");
  }
}
