package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.pgbackup.kubernetes.report.ClusterRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What a restore asks of Kubernetes' API, for one StatefulSet. Failures are
/// [io.pgbackup.problem.PgBackupException]s with `TimedOut` where the API does not answer.
interface RestoreApi extends PodApi {
  /// How long a lease counts after its holder was last heard of.
  Duration LEASE = Duration.ofSeconds(30);

  /// Those that this person is not allowed.
  List<Right> missing(List<Right> rights);

  /// @throws io.pgbackup.problem.PgBackupException `NotFound`
  StatefulSet statefulSet();

  Optional<PersistentVolumeClaim> claim(String name);

  /// It goes when no pod uses it any more. One that is not the same any more is left as it is.
  void delete(PersistentVolumeClaim claim);

  void scale(int replicas);

  /// All of the namespace.
  List<Pod> pods();

  /// Makes it, unless there is one of that name.
  ///
  /// @param onlyTry whether nothing is made
  /// @return whether there was none
  boolean make(Secret secret, boolean onlyTry);

  Optional<Journal> journal();

  void write(Journal journal);

  /// What the StatefulSet's agent says; empty where it says nothing here.
  Optional<ClusterRecord> record();

  /// Who has the lease, and when they last said so.
  record Holder(String who, Instant renewed) {}

  /// Empty where nobody has the lease, or not any more.
  Optional<Holder> holder();

  /// Takes the lease, or goes on holding it.
  ///
  /// @param takeOver whether somebody else's counts for nothing
  /// @throws io.pgbackup.problem.PgBackupException `Refused` where somebody else has it
  void hold(String holder, boolean takeOver);

  void release(String holder);
}
