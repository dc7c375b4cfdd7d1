package io.pgbackup.credentials.minio;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.crypto.Sha256;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.store.StoreFolder;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// The user whose sessions a cluster's credentials are. A cluster with two folders has two, since
/// each one's policy names one folder.
///
/// @param name never that of another cluster, folder or bucket, since none of their names has a
///   colon
record ParentUser(String name) {
  private static final int LONGEST = 128;

  /// @param template by which the cluster's usual folder needs no place in the name
  static ParentUser of(Holder holder, PrefixTemplate template) {
    StoreFolder folder = holder.scope().folder();
    String name =
        "pgbackup:%s:%s:%s%s"
            .formatted(
                holder.scope().bucket(),
                holder.cluster().namespace(),
                holder.cluster().name(),
                folder.equals(template.clusterFolder(holder.cluster()))
                    ? ""
                    : ":" + folder.path().replaceAll("/$", "").replace('/', ':'));
    return new ParentUser(
        name.length() <= LONGEST ? name : "pgbackup:" + Sha256.hex(name.getBytes(UTF_8)));
  }

  /// Follows from the broker's secret, so that nobody has to keep it.
  String secret(AccessKeys broker) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(broker.secretAccessKey().getBytes(UTF_8), "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(name.getBytes(UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HMAC-SHA256 is part of every JDK", e);
    }
  }
}
