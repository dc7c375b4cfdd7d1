package io.pgbackup.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.probe.Answer;
import io.pgbackup.store.probe.BareStore;
import io.pgbackup.store.probe.Condition;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Whether the credential reaches beyond the cluster's folder, tried: what a broken-into server
/// could do to the others' backups.
final class Isolation {
  private static final String REMEDY =
      "Give this cluster a credential for its own folder only: docs/credentials.md.";

  private final BareStore store;
  private final ProbeKeys keys;
  private final Expectation expectation;
  private Optional<ObjectKey> neighbour = Optional.empty();

  Isolation(BareStore store, ProbeKeys keys, Expectation expectation) {
    this.store = store;
    this.keys = keys;
    this.expectation = expectation;
  }

  CheckGroup group() {
    return new CheckGroup(
        Group.ISOLATION,
        Set.of(Group.STORAGE),
        List.of(
            Check.of("list-root", this::listRoot),
            Check.of("list-twin", this::listTwin),
            Check.of("read-neighbour", this::readNeighbour),
            Check.of("put-outside", this::putOutside)));
  }

  private Outcome listRoot() {
    Answer<Map<String, String>> root = store.list("");
    neighbour = foreign(root);
    if (root.ok() && neighbour.isEmpty()) {
      neighbour = foreign(store.list("", behindOwn()));
    }
    return judge(root, root.ok(), "list the whole bucket");
  }

  /// In the order of keys directly behind everything in the cluster's folder.
  private String behindOwn() {
    String folder = keys.cluster().path();
    return folder.substring(0, folder.length() - 1) + (char) ('/' + 1);
  }

  private Optional<ObjectKey> foreign(Answer<Map<String, String>> listing) {
    return listing.value().stream()
        .flatMap(found -> found.keySet().stream())
        .filter(key -> !key.startsWith(keys.cluster().path()))
        .filter(key -> !key.contains(ProbeKeys.FOLDER + "/") && ObjectKey.isKey(key))
        .map(ObjectKey::new)
        .findFirst();
  }

  private Outcome listTwin() {
    String folder = keys.twin().path();
    Answer<Map<String, String>> twin = store.list(folder);
    return judge(twin, twin.ok(), "list " + folder + ", which is not its folder");
  }

  private Outcome readNeighbour() {
    ObjectKey key = neighbour.orElse(keys.twin().key("missing"));
    Answer<String> read = store.head(key);
    String what =
        neighbour.isPresent()
            ? "read " + key + ", which is not its own"
            : "look for objects in " + keys.twin() + ", which is not its folder";
    return judge(read, read.ok() || read.isMissing(), what);
  }

  private Outcome putOutside() {
    ObjectKey key = keys.twin().key("probe");
    Answer<?> put = store.put(key, "pgbackup doctor\n".getBytes(UTF_8), Condition.ABSENT);
    boolean may = put.ok() || put.isPrecondition();
    boolean left = may && !removed(key);
    return judge(
        put,
        may,
        "write " + key + ", which is not in its folder" + (left ? "; it was left there" : ""));
  }

  private boolean removed(ObjectKey key) {
    return store.delete(List.of(key)).value().map(Map::isEmpty).orElse(false);
  }

  private Outcome judge(Answer<?> answer, boolean may, String what) {
    if (answer.isForbidden()) {
      return Outcome.pass("refused: " + what);
    }
    if (!may) {
      return Outcome.unexpected(what, answer);
    }
    String found = "this credential may " + what;
    return expectation.isolated() || neighbour.isPresent()
        ? Outcome.fail(Problem.misconfigured(found, REMEDY))
        : Outcome.warn(found + "; nobody else's objects were found", REMEDY);
  }
}
