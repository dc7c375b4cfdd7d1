package io.pgbackup.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.doctor.Expectation.Operation;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.probe.Answer;
import io.pgbackup.store.probe.BareStore;
import io.pgbackup.store.probe.Condition;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// What the credential may do in the cluster's own folder, operation by operation, beside what its
/// role should.
final class Permissions {
  private static final byte[] CONTENT = "pgbackup doctor\n".getBytes(UTF_8);
  private static final String SEE = "docs/credentials.md has the policies.";

  private final BareStore store;
  private final ProbeKeys keys;
  private final Expectation expectation;

  Permissions(BareStore store, ProbeKeys keys, Expectation expectation) {
    this.store = store;
    this.keys = keys;
    this.expectation = expectation;
  }

  CheckGroup group() {
    return new CheckGroup(
        Group.PERMISSIONS,
        Set.of(Group.STORAGE),
        List.of(
            Check.of("list", this::list),
            Check.of("get", this::get),
            Check.of("put", () -> judged(Operation.PUT, "put objects", () -> put(keys.archive()))),
            Check.of(
                "put-leases", () -> judged(Operation.LEASE, "put leases", () -> put(keys.lease()))),
            Check.of("multipart", this::multipart),
            Check.of("delete", this::delete)));
  }

  private Outcome list() {
    return judged(Operation.LIST, "list", () -> store.list(keys.cluster().path()));
  }

  /// Absence must be told from a refusal, or no WAL can be proved absent.
  private Outcome get() {
    Answer<?> missing = store.head(keys.missing());
    if (missing.isForbidden()) {
      return judge(Operation.GET, "read", missing);
    }
    if (!missing.isMissing()) {
      return Outcome.unexpected("look up what is not there", missing);
    }
    return judge(Operation.GET, "read, and is told 404 of what is not there", true, missing);
  }

  /// Create-only, as the agent writes; that it stands already proves the right as well.
  private Answer<?> put(ObjectKey key) {
    return store.put(key, CONTENT, Condition.ABSENT);
  }

  private Outcome multipart() {
    Answer<String> begun = store.beginUpload(keys.parts());
    if (!begun.ok()) {
      return judge(Operation.MULTIPART, "write in parts", begun);
    }
    Answer<String> aborted = store.abortUpload(keys.parts(), begun.value().orElseThrow());
    if (aborted.isForbidden()) {
      return Outcome.warn(
          expectation.whose() + " may write in parts but not abort an upload",
          "Allow s3:AbortMultipartUpload, or parts of failed uploads stay. " + SEE);
    }
    return judge(Operation.MULTIPART, "write in parts, and abort", begun);
  }

  private Outcome delete() {
    Answer<Map<ObjectKey, String>> deleted = store.delete(keys.all());
    if (!deleted.ok() && !deleted.isForbidden()) {
      return Outcome.unexpected("delete", deleted);
    }
    boolean may = deleted.ok() && deleted.value().orElseThrow().isEmpty();
    String left = may ? "" : leftovers();
    if (expectation.unwanted().contains(Operation.DELETE)) {
      return may
          ? Outcome.warn(
              expectation.whose() + " may delete: who steals this credential can delete backups",
              "Issue one without s3:DeleteObject; retention runs elsewhere with its own. " + SEE)
          : Outcome.pass(expectation.whose() + " may not delete, as it should be" + left);
    }
    if (may) {
      return Outcome.pass(expectation.whose() + " may delete, as retention.run: agent needs");
    }
    return expectation.needed().contains(Operation.DELETE)
        ? refused("delete", deleted)
        : Outcome.warn(
            expectation.whose() + " may not delete, and retention.run is agent" + left,
            "Safer so: set retention.run: job, and run retention elsewhere with a credential of"
                + " its own. "
                + SEE);
  }

  private String leftovers() {
    Answer<Map<String, String>> left = store.list(keys.folder().path());
    return left.value()
        .filter(found -> !found.isEmpty())
        .map(found -> "; left behind: " + found.keySet().stream().collect(Collectors.joining(", ")))
        .orElse("");
  }

  private Outcome judged(Operation operation, String what, Supplier<Answer<?>> request) {
    return judge(operation, what, request.get());
  }

  private Outcome judge(Operation operation, String what, Answer<?> answer) {
    return judge(operation, what, answer.ok() || answer.isPrecondition(), answer);
  }

  private Outcome judge(Operation operation, String what, boolean may, Answer<?> answer) {
    if (!may && !answer.isForbidden()) {
      return Outcome.unexpected(what, answer);
    }
    if (!may && expectation.needed().contains(operation)) {
      return refused(what, answer);
    }
    if (may && expectation.unwanted().contains(operation)) {
      return Outcome.warn(
          "%s may %s, which it should not".formatted(expectation.whose(), what),
          "Issue one with its role's policy. " + SEE);
    }
    return Outcome.pass(
        "%s may %s%s".formatted(expectation.whose(), may ? "" : "not ", what)
            + (may ? "" : ", as it should be"));
  }

  private Outcome refused(String what, Answer<?> answer) {
    return Outcome.fail(
        Problem.storageFailed(
            "%s may not %s in %s: %s"
                .formatted(expectation.whose(), what, keys.cluster(), answer.words()),
            "Give the credential its role's policy for this folder. " + SEE));
  }
}
