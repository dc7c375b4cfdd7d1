package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/// A restore in place of a StatefulSet, and its undo. Everything that takes long is done beside the
/// running server; then its pods are stopped, the directories of the first are exchanged, and it is
/// started again; where there are others, they are made anew from it. Each step stands in a journal
/// first and can be repeated, so a command that was cut off goes on when it is given again.
///
/// Not thread-safe.
public final class StatefulSetRestore {
  private final RestoreApi api;
  private final StatefulSetName name;
  private final String holder;
  private final Clock clock;

  /// Beside the server, where no lease is held.
  private final Waiting quiet;

  /// With the lease in hand.
  private final Waiting waiting;

  private final Servers servers;
  private final SecureRandom random = new SecureRandom();
  private final Consumer<String> say;

  /// @param holder who this is, for whoever finds the lease held
  /// @param say hears how it gets on
  StatefulSetRestore(
      RestoreApi api,
      StatefulSetName name,
      String holder,
      Clock clock,
      Waiting.Pause pause,
      Consumer<String> say) {
    this.api = api;
    this.name = name;
    this.holder = holder;
    this.clock = clock;
    this.quiet = new Waiting(pause);
    this.waiting = new Waiting(pause, () -> api.hold(holder, false));
    this.servers = new Servers(api, waiting, say);
    this.say = say;
  }

  /// @param client its API
  public static StatefulSetRestore over(
      KubernetesClient client, StatefulSetName name, Clock clock, Consumer<String> say) {
    return new StatefulSetRestore(
        new ClusterApi(client, name, clock),
        name,
        "%s@%s/%d"
            .formatted(System.getProperty("user.name"), hostName(), ProcessHandle.current().pid()),
        clock,
        Thread::sleep,
        say);
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException _) {
      return "unknown";
    }
  }

  /// The Role that restores need, as YAML.
  public static String role(String namespace) {
    return Right.role("pgbackup-restore", namespace, Right.RESTORE);
  }

  /// The Role that they need as well where the StatefulSet has replicas, as YAML.
  public static String standbysRole(String namespace) {
    return Right.role("pgbackup-restore-standbys", namespace, Right.STANDBYS);
  }

  /// The Role that they need as well to make a missing Secret of the superuser anew, as YAML.
  public static String secretRole(String namespace) {
    return Right.role("pgbackup-restore-secret", namespace, Right.SECRET);
  }

  /// Checks everything that can be checked and shows what would be done: nothing is changed.
  ///
  /// @throws PgBackupException in all cases of refusal; the hint says what to do
  public void plan(RestoreOrder order, boolean forced) {
    DatabasePod database = check(forced);
    Optional<SuperuserSecret> missing = missingSecret(database);
    missing.ifPresent(
        secret ->
            say.accept(
                "  password     the Secret %s is missing and will be made anew, with a random one"
                    .formatted(secret.name())));
    PasswordSecrets known = database.passwords(order.roles());
    PasswordSecrets passwords = missing.isPresent() ? known.withoutSuperusers() : known;
    List<String> words = new ArrayList<>(DatabasePod.fetch(order.target(), passwords));
    words.add("--plan");
    once(database, words, passwords);
    servers.tell(database, replicas(database.set()));
  }

  /// The superuser's Secret, where there is none and this person may make it.
  private Optional<SuperuserSecret> missingSecret(DatabasePod database) {
    return database
        .superuserSecret()
        .filter(_ -> api.missing(Right.SECRET).isEmpty())
        .filter(secret -> api.make(secret.empty(), true));
  }

  /// The volume claims of the standbys that [#restore] would delete.
  public List<String> claimsThatRestoreDeletes() {
    return standbyClaims(api.statefulSet());
  }

  /// The volume claims of the standbys that [#undo] would delete.
  public List<String> claimsThatUndoDeletes() {
    return leavesServerAlone(last()) ? List.of() : standbyClaims(api.statefulSet());
  }

  private List<String> standbyClaims(StatefulSet set) {
    return Servers.standbyClaims(DatabasePod.of(set), replicas(set));
  }

  /// Those that it has while nobody restores.
  private int replicas(StatefulSet set) {
    return api.journal()
        .filter(Journal::isUnfinished)
        .filter(Journal::hasTouchedTheServer)
        .map(Journal::replicas)
        .orElseGet(() -> DatabasePod.replicas(set));
  }

  /// Whether [#restore] would go on with one that was cut off.
  public boolean isUnderWay(RestoreOrder order) {
    return unfinished(order).isPresent();
  }

  /// Whether [#undo] would go on with one that was cut off.
  public boolean isUndoUnderWay() {
    return api.journal()
        .filter(Journal::isUnfinished)
        .filter(journal -> journal.verb() == Journal.Verb.UNDO)
        .isPresent();
  }

  private Optional<Journal> unfinished(RestoreOrder order) {
    return api.journal()
        .filter(Journal::isUnfinished)
        .filter(journal -> journal.verb() == Journal.Verb.RESTORE)
        .filter(journal -> journal.order().equals(order));
  }

  /// Shows what [#undo] would take back: nothing is changed.
  public void planUndo(boolean forced) {
    DatabasePod database = check(forced);
    Journal last = last();
    once(database, List.of("in-pod", "undo", "--plan"), noPasswords(database));
    if (!leavesServerAlone(last)) {
      servers.tell(database, replicas(database.set()));
    }
  }

  /// A pod beside the running server that is removed again.
  private void once(DatabasePod database, List<String> words, PasswordSecrets passwords) {
    String pod = "%s-%s-look".formatted(name.restore(), newId());
    try {
      api.create(database.pod(pod, words, passwords, node(database)));
      followed(quiet).follow(pod, DatabasePod.AGENT, Waiting.POD);
    } finally {
      api.deletePod(pod);
    }
  }

  private static PasswordSecrets noPasswords(DatabasePod database) {
    return database.passwords(List.of()).withoutSuperusers();
  }

  private Journal last() {
    return api.journal()
        .orElseThrow(
            () ->
                Problem.notFound(
                        "no restore of %s can be undone".formatted(name),
                        "There is no ConfigMap %s in its namespace.".formatted(name.restore()))
                    .asException());
  }

  /// Restores, or goes on with the same restore that was cut off.
  ///
  /// @param takeOver whether a lease that somebody else holds counts for nothing
  /// @throws PgBackupException in all cases of failure; the hint says what to do
  public void restore(RestoreOrder order, boolean forced, boolean takeOver) {
    DatabasePod database = check(forced);
    lock(takeOver);
    try {
      Optional<Journal> standing = api.journal().filter(Journal::isUnfinished);
      Optional<Journal> same = unfinished(order);
      if (same.isEmpty() && standing.filter(Journal::hasTouchedTheServer).isPresent()) {
        throw Problem.refused(
                "an unfinished %s of %s stands at the step '%s'"
                    .formatted(
                        standing.get().verb().name().toLowerCase(Locale.ROOT),
                        name,
                        standing.get().step().description()),
                "Finish it with the command it was begun with, or take it back with 'pgbackup undo'.")
            .asException();
      }
      same.ifPresent(
          journal -> say.accept("going on with the restore that began at " + journal.startedAt()));
      standing
          .filter(_ -> same.isEmpty())
          .ifPresent(journal -> waiting.removal(api, pod(journal, Step.FETCH)));
      Optional<String> madeBefore = standing.flatMap(Journal::secret);
      Journal journal =
          same.orElseGet(() -> begin(Journal.Verb.RESTORE, order, madeBefore, database));
      carryOut(journal, database);
    } finally {
      api.release(holder);
    }
  }

  /// Takes the last restore back, finished or not.
  ///
  /// @throws PgBackupException in all cases of failure; the hint says what to do
  public void undo(boolean forced, boolean takeOver) {
    DatabasePod database = check(forced);
    lock(takeOver);
    try {
      Journal last = last();
      if (last.verb() == Journal.Verb.UNDO && last.isUnfinished()) {
        carryOut(last, database);
        return;
      }
      waiting.removal(api, pod(last, Step.FETCH));
      waiting.removal(api, pod(last, Step.SWAP));
      if (leavesServerAlone(last)) {
        // the server was left alone and need not be stopped for it
        once(database, List.of("in-pod", "undo"), noPasswords(database));
        tellSecret(last, database);
        write(last.at(Step.DONE));
        return;
      }
      RestoreOrder nothing = new RestoreOrder(List.of(), List.of());
      carryOut(begin(Journal.Verb.UNDO, nothing, last.secret(), database), database);
    } finally {
      api.release(holder);
    }
  }

  /// Whether the undo of it stops nothing.
  private static boolean leavesServerAlone(Journal last) {
    return last.isUnfinished() && !last.hasTouchedTheServer();
  }

  private DatabasePod check(boolean forced) {
    Right.refuse(api.missing(Right.RESTORE), "restore", name.namespace());
    StatefulSet set = api.statefulSet();
    int replicas = replicas(set);
    Refusals.check(set, replicas, forced);
    if (replicas > 1) {
      Right.refuse(api.missing(Right.STANDBYS), "restore with replicas", name.namespace());
    }
    DatabasePod database = DatabasePod.of(set);
    Refusals.check(
        api.claim(database.claim())
            .orElseThrow(
                () ->
                    Problem.notFound(
                            "there is no volume claim " + database.claim(),
                            "A restore in place needs the volume of the server.")
                        .asException()));
    return database;
  }

  /// A command that was killed renews its lease no more: that is waited for. One that lives is
  /// known by its renewing it, or by its giving it back.
  private void lock(boolean takeOver) {
    Optional<RestoreApi.Holder> first = takeOver ? Optional.empty() : other();
    if (first.isPresent()) {
      say.accept("waiting for the lease of " + first.get().who());
      Instant end = first.get().renewed().plus(RestoreApi.LEASE);
      while (clock.instant().isBefore(end)) {
        Optional<RestoreApi.Holder> now = other();
        // nobody's, where it ran out while it was asked for
        boolean ranOut = now.isEmpty() && !clock.instant().isBefore(end);
        if (!now.equals(first) && !ranOut) {
          throw Problem.refused(
                  "%s is restoring %s".formatted(first.get().who(), name),
                  "Wait until it is done, and look at what it did.")
              .asException();
        }
        quiet.turn();
      }
    }
    api.hold(holder, takeOver);
  }

  private Optional<RestoreApi.Holder> other() {
    return api.holder().filter(known -> !known.who().equals(holder));
  }

  private Journal begin(
      Journal.Verb verb, RestoreOrder order, Optional<String> secret, DatabasePod database) {
    return write(
        Journal.begun(newId(), verb, order, replicas(database.set()), clock.instant())
            .withSecret(secret));
  }

  private static String newId() {
    return UUID.randomUUID().toString().substring(0, 8);
  }

  private Journal write(Journal journal) {
    api.write(journal);
    return journal;
  }

  /// A volume that one node may mount is mounted there.
  private Optional<String> node(DatabasePod database) {
    return servers.users(List.of(database.claim())).stream()
        .map(pod -> pod.getSpec().getNodeName())
        .filter(node -> node != null && !node.isEmpty())
        .findFirst();
  }

  private void carryOut(Journal begun, DatabasePod database) {
    Journal journal = begun;
    Optional<ArchivesAgain> archiving = Optional.empty();
    while (journal.isUnfinished()) {
      api.hold(holder, false);
      say.accept("  " + journal.step().description());
      if (journal.step() == Step.START) {
        archiving = Optional.of(ArchivesAgain.prepare(api, name, say));
      }
      journal = perform(journal, database);
      if (!journal.isUnfinished()) {
        for (Step step : List.of(Step.FETCH, Step.SWAP)) {
          api.deletePod(pod(journal, step));
        }
        servers.tellLeftOver(database, journal.replicas());
        tellSecret(journal, database);
        // before it counts as done: cut off here, the same command does not restore once more
        archiving.ifPresent(seen -> seen.await(waiting, clock));
      }
      write(journal);
    }
  }

  private Journal perform(Journal journal, DatabasePod database) {
    return switch (journal.step()) {
      case FETCH -> {
        Journal named = withSecret(journal, database);
        PasswordSecrets passwords = database.passwords(named.order().roles());
        work(named, database, DatabasePod.fetch(named.words(), passwords), passwords);
        // it may have been scaled since
        int replicas = replicas(api.statefulSet());
        Refusals.checkScaled(name, replicas(database.set()), replicas);
        yield named.withReplicas(replicas).at(Step.STOP);
      }
      case STOP -> {
        api.deletePod(pod(journal, Step.FETCH));
        servers.stop(database, journal.replicas());
        yield journal.at(Step.SWAP);
      }
      case SWAP -> {
        work(
            journal,
            database,
            List.of("in-pod", journal.verb() == Journal.Verb.RESTORE ? "place" : "undo"),
            noPasswords(database));
        yield journal.at(Step.START);
      }
      case START -> {
        servers.start(journal.replicas());
        yield journal.replicas() > 1
            ? journal
                .withStandbys(servers.standbysNow(database, journal.replicas()))
                .at(Step.STANDBYS)
            : journal.at(Step.DONE);
      }
      case STANDBYS -> {
        servers.makeStandbysAnew(database, journal.replicas(), journal.standbys());
        yield journal.at(Step.DONE);
      }
      case DONE -> journal;
    };
  }

  /// The name stands in the journal before the Secret is made: whoever was killed in between finds
  /// it there, and makes none over it.
  private Journal withSecret(Journal journal, DatabasePod database) {
    Optional<SuperuserSecret> wanted =
        inJournal(journal, database).or(() -> missingSecret(database));
    if (wanted.isEmpty()) {
      return journal;
    }
    Journal named = write(journal.withSecret(wanted.map(SuperuserSecret::name)));
    if (api.make(wanted.get().filled(random), false)) {
      say.accept(
          "  the Secret %s was missing and is made anew, with a random password"
              .formatted(wanted.get().name()));
    }
    return named;
  }

  private static Optional<SuperuserSecret> inJournal(Journal journal, DatabasePod database) {
    return database
        .superuserSecret()
        .filter(secret -> journal.secret().filter(secret.name()::equals).isPresent());
  }

  /// How to read what nobody was shown.
  private void tellSecret(Journal journal, DatabasePod database) {
    inJournal(journal, database)
        .ifPresent(
            secret -> {
              if (journal.verb() == Journal.Verb.RESTORE && !journal.isUnfinished()) {
                say.accept(
                    "the superuser's password was made anew with the Secret %s; read it with"
                        .formatted(secret.name()));
                say.accept("  " + secret.readingCommand());
              } else {
                say.accept(
                    "the Secret %s, which the restore made anew, stays; the data have the password of before:"
                        .formatted(secret.name()));
                say.accept("  set the Secret's with ALTER ROLE, or put that one into the Secret");
              }
            });
  }

  private String pod(Journal journal, Step step) {
    return "%s-%s-%s".formatted(name.restore(), journal.id(), step.name().toLowerCase(Locale.ROOT));
  }

  /// One that failed at an earlier call is made anew; one that runs or has ended well counts.
  private void work(
      Journal journal, DatabasePod database, List<String> words, PasswordSecrets passwords) {
    String pod = pod(journal, journal.step());
    if (api.pod(pod).filter(StatefulSetRestore::hasFailed).isPresent()) {
      waiting.removal(api, pod);
    }
    if (api.pod(pod).isEmpty()) {
      if (journal.step() == Step.SWAP) {
        servers.refuseIfInUse(database);
      }
      api.create(
          database.pod(
              pod,
              words,
              passwords,
              journal.step() == Step.FETCH ? node(database) : Optional.empty()));
    }
    followed(waiting).follow(pod, DatabasePod.AGENT, Waiting.POD);
  }

  private PodFollower followed(Waiting how) {
    return new PodFollower(api, say, how, DatabasePod::ended);
  }

  private static boolean hasFailed(Pod pod) {
    return phase(pod).equals("Failed");
  }

  private static String phase(Pod pod) {
    return Optional.ofNullable(pod.getStatus()).map(PodStatus::getPhase).orElse("Pending");
  }
}
