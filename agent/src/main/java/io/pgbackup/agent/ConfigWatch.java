package io.pgbackup.agent;

import io.pgbackup.config.ConfigFile;
import io.pgbackup.config.EffectiveConfig;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.Setting;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at the configuration's file again and again and has a change taken, as a whole or not at
/// all: what is broken, and what cannot change under a running agent, is refused, and what was in
/// force stays so.
///
/// A text counts once it was read twice the same, so that a file that is being written is not
/// judged. What is refused is tried again at each look: a key that it names may come later.
///
/// [#look] belongs to one thread; the state may be read by all.
final class ConfigWatch {
  private static final Logger LOGGER = LoggerFactory.getLogger(ConfigWatch.class);
  private static final Duration INTERVAL = Duration.ofSeconds(2);

  /// What names the archive, or a door that others found open.
  private static final List<String> FIXED =
      List.of("cluster.", "postgres.", "storage.", "http.", "log.", "kubernetes.", "wal.socket");

  /// @param loadedAt when what is in force was read
  /// @param refused why the file as it stands is not
  record State(Instant loadedAt, Optional<Problem> refused) {}

  private record Seen(String text, Optional<Problem> unreadable) {}

  private final ConfigFile file;
  private final Consumer<PgBackupConfig> taker;
  private final Problems problems;
  private final InstantSource clock;
  private EffectiveConfig inForce;
  private String taken;
  private Seen seen;
  private volatile State state;

  /// @param taker puts another configuration into force, or throws and leaves the one before
  ConfigWatch(
      ConfigFile.Loaded loaded,
      Consumer<PgBackupConfig> taker,
      Problems problems,
      InstantSource clock) {
    this.file = loaded.file();
    this.taker = taker;
    this.problems = problems;
    this.clock = clock;
    this.inForce = loaded.effective();
    this.taken = loaded.text();
    this.seen = new Seen(taken, Optional.empty());
    this.state = new State(clock.instant(), Optional.empty());
  }

  State state() {
    return state;
  }

  Duration look() {
    Seen now = read();
    boolean settled = now.equals(seen);
    seen = now;
    if (settled) {
      judge(now);
    }
    return INTERVAL;
  }

  private Seen read() {
    try {
      return new Seen(file.text(), Optional.empty());
    } catch (PgBackupException e) {
      return new Seen("", Optional.of(e.problem()));
    }
  }

  private void judge(Seen now) {
    if (now.unreadable().isPresent()) {
      refuse(now.unreadable().get());
    } else if (now.text().equals(taken)) {
      inForceAsItStands(state.loadedAt());
    } else {
      take(now.text());
    }
  }

  private void take(String text) {
    EffectiveConfig next;
    Map<String, Setting> changed;
    try {
      next = file.parse(text);
      changed = changed(next);
      refuseFixed(changed);
      if (!next.config().equals(inForce.config())) {
        taker.accept(next.config());
      }
    } catch (PgBackupException e) {
      refuse(e.problem());
      return;
    }
    inForce = next;
    taken = text;
    inForceAsItStands(clock.instant());
    LOGGER
        .atInfo()
        .addKeyValue("file", file.path())
        .addKeyValue("changed", changed.isEmpty() ? "nothing" : String.join(", ", changed.keySet()))
        .log("configuration taken");
  }

  private void inForceAsItStands(Instant loadedAt) {
    state = new State(loadedAt, Optional.empty());
    problems.clear(Problems.About.CONFIGURATION);
  }

  private void refuse(Problem why) {
    state = new State(state.loadedAt(), Optional.of(why));
    problems.report(Problems.About.CONFIGURATION, why);
  }

  private Map<String, Setting> changed(EffectiveConfig next) {
    Map<String, String> before =
        inForce.settings().stream().collect(Collectors.toMap(Setting::key, Setting::value));
    return next.settings().stream()
        .filter(setting -> !setting.value().equals(before.get(setting.key())))
        .collect(Collectors.toMap(Setting::key, setting -> setting, (one, _) -> one, TreeMap::new));
  }

  private void refuseFixed(Map<String, Setting> changed) {
    String fixed =
        changed.keySet().stream()
            .filter(key -> FIXED.stream().anyMatch(key::startsWith))
            .collect(Collectors.joining(", "));
    if (!fixed.isEmpty()) {
      throw Problem.misconfigured(
              "%s cannot change under a running agent; nothing of the changed %s is in force"
                  .formatted(fixed, file.path()),
              "Restart the agent, or take that change back: the rest is taken then.")
          .asException();
    }
  }
}
