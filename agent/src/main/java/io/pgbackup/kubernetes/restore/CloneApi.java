package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import java.util.List;
import java.util.Optional;

/// What a clone asks of Kubernetes' API, in one namespace. Failures as those of [RestoreApi].
interface CloneApi extends PodApi {
  /// Those that this person is not allowed.
  List<Right> missing(List<Right> rights);

  /// The one that is cloned.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `NotFound`
  StatefulSet statefulSet();

  Optional<StatefulSet> statefulSet(String name);

  Optional<PersistentVolumeClaim> claim(String name);

  Optional<ConfigMap> configMap(String name);

  Optional<ServiceAccount> serviceAccount(String name);

  /// All of the namespace.
  List<Service> services();

  /// One that exists already is left as it is.
  void make(HasMetadata object);
}
