package io.pgbackup.testing;

import io.pgbackup.credentials.policy.AccessPolicy;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.LifecycleRule;
import software.amazon.awssdk.services.s3.model.MetadataDirective;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.ObjectLockLegalHoldStatus;
import software.amazon.awssdk.services.s3.model.ObjectLockRetentionMode;
import software.amazon.awssdk.services.s3.model.ObjectVersion;
import software.amazon.awssdk.services.s3.model.S3Exception;

/// Somebody who stole a credential, and uses it by the bare SDK, without any rule of ours.
public final class Thief implements AutoCloseable {
  private final S3Client owner;
  private final S3Client thief;
  private final String bucket;
  private final Random random = new Random(7);

  /// @param policy what the stolen credential may do
  public Thief(S3Server server, String bucket, AccessPolicy policy) {
    this.owner = server.client();
    this.thief = SessionCredentials.client(server, policy.json());
    this.bucket = bucket;
  }

  /// What the bucket shows below a folder, as its owner sees it.
  public List<String> keys(String folder) {
    return owner
        .listObjectsV2Paginator(request -> request.bucket(bucket).prefix(folder))
        .contents()
        .stream()
        .map(object -> object.key())
        .toList();
  }

  private List<ObjectVersion> versions(String folder) {
    return owner
        .listObjectVersionsPaginator(request -> request.bucket(bucket).prefix(folder))
        .versions()
        .stream()
        .toList();
  }

  /// The SHA-256 of each version's bytes, by key and version, as the owner reads them; a version
  /// that cannot be read is missing.
  public Map<String, String> contents(String folder) {
    Map<String, String> contents = new TreeMap<>();
    for (ObjectVersion version : versions(folder)) {
      byte[] bytes =
          owner
              .getObjectAsBytes(
                  request ->
                      request.bucket(bucket).key(version.key()).versionId(version.versionId()))
              .asByteArray();
      contents.put(version.key() + " " + version.versionId(), sha256(bytes));
    }
    return contents;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Writes over every object below a folder: noise, and for every second one of the documents what
  /// looks like one.
  public void overwriteEverything(String folder) {
    for (String key : keys(folder)) {
      byte[] noise = new byte[200];
      random.nextBytes(noise);
      put(key, key.endsWith(".json") && random.nextBoolean() ? "{}".getBytes(ascii()) : noise);
    }
  }

  /// A base backup that seems newer than every other, WAL and a history of timelines to come, and a
  /// second object beside every segment, under another codec's name.
  public void plant(String lineage) {
    String sentinel = "_backup_stop_sentinel.json";
    String newest =
        keys(lineage + "basebackups_005/").stream()
            .filter(key -> key.endsWith(sentinel))
            .max(String::compareTo)
            .orElseThrow();
    String planted = lineage + "basebackups_005/base_0000000200000000000000F0";
    copy(newest, planted + sentinel);
    copy(newest.replace(sentinel, "/metadata.json"), planted + "/metadata.json");
    put(lineage + "wal_005/0000000200000000000000F1.lz4", new byte[100]);
    put(lineage + "wal_005/00000002.history", "1\t0/1000000\tstolen\n".getBytes(ascii()));
    put(lineage + "wal_005/000000FF.history.lz4", new byte[10]);
    for (String key : keys(lineage + "wal_005/")) {
      put(key.replace(".lz4", ".zst").replace(".history", ".history.br"), new byte[10]);
    }
  }

  private void copy(String from, String to) {
    put(to, thief.getObjectAsBytes(request -> request.bucket(bucket).key(from)).asByteArray());
  }

  private void put(String key, byte[] content) {
    thief.putObject(request -> request.bucket(bucket).key(key), RequestBody.fromBytes(content));
  }

  private static java.nio.charset.Charset ascii() {
    return StandardCharsets.US_ASCII;
  }

  /// Deletes what the bucket shows below a folder.
  ///
  /// @return how many deletions were refused
  public int deleteEverything(String folder) {
    DeleteObjectsResponse answer =
        thief.deleteObjects(
            request ->
                request
                    .bucket(bucket)
                    .delete(
                        delete ->
                            delete.objects(
                                keys(folder).stream()
                                    .map(key -> ObjectIdentifier.builder().key(key).build())
                                    .toList())));
    return answer.errors().size();
  }

  /// Writes over one object as if that had been done at another time, by a header of MinIO's
  /// replication.
  public void backdate(String key, Instant time) {
    thief.putObject(
        request ->
            request
                .bucket(bucket)
                .key(key)
                .overrideConfiguration(
                    more -> more.putHeader("X-Minio-Source-Mtime", time.toString())),
        RequestBody.fromBytes(new byte[10]));
  }

  /// Tries everything that would destroy an object's version, loosen its lock, or reach another
  /// folder.
  ///
  /// @param victim an object with one version
  /// @param neighbour an object of another folder
  /// @return the HTTP status of each attempt that was not refused
  public Map<String, Integer> tryEverythingForbidden(String victim, String neighbour) {
    String version = versions(victim).getLast().versionId();
    String neighbours = neighbour.substring(0, neighbour.lastIndexOf('/') + 1);
    Map<String, Consumer<S3Client>> attempts = new LinkedHashMap<>();
    attempts.put(
        "delete the version",
        s3 -> s3.deleteObject(it -> it.bucket(bucket).key(victim).versionId(version)));
    attempts.put(
        "delete the version, bypassing the lock",
        s3 ->
            s3.deleteObject(
                it ->
                    it.bucket(bucket)
                        .key(victim)
                        .versionId(version)
                        .bypassGovernanceRetention(true)));
    attempts.put("delete the version in a batch", s3 -> deleteInABatch(s3, victim, version));
    attempts.put(
        "shorten the lock",
        s3 ->
            s3.putObjectRetention(
                it ->
                    it.bucket(bucket)
                        .key(victim)
                        .versionId(version)
                        .bypassGovernanceRetention(true)
                        .retention(
                            retention ->
                                retention
                                    .mode(ObjectLockRetentionMode.GOVERNANCE)
                                    .retainUntilDate(Instant.now().plus(1, ChronoUnit.MINUTES)))));
    attempts.put(
        "hold",
        s3 ->
            s3.putObjectLegalHold(
                it ->
                    it.bucket(bucket)
                        .key(victim)
                        .legalHold(hold -> hold.status(ObjectLockLegalHoldStatus.ON))));
    attempts.put(
        "suspend versions",
        s3 ->
            s3.putBucketVersioning(
                it ->
                    it.bucket(bucket)
                        .versioningConfiguration(
                            versions -> versions.status(BucketVersioningStatus.SUSPENDED))));
    attempts.put(
        "change the default lock",
        s3 ->
            s3.putObjectLockConfiguration(
                it ->
                    it.bucket(bucket)
                        .objectLockConfiguration(lock -> lock.objectLockEnabled("Enabled"))));
    attempts.put(
        "expire by lifecycle",
        s3 ->
            s3.putBucketLifecycleConfiguration(
                it ->
                    it.bucket(bucket)
                        .lifecycleConfiguration(
                            rules ->
                                rules.rules(
                                    List.of(
                                        LifecycleRule.builder()
                                            .id("all")
                                            .status("Enabled")
                                            .filter(filter -> filter.prefix(""))
                                            .noncurrentVersionExpiration(
                                                after -> after.noncurrentDays(1))
                                            .build())))));
    attempts.put("delete the bucket", s3 -> s3.deleteBucket(it -> it.bucket(bucket)));
    attempts.put("write into the version", s3 -> putInto(s3, victim, version));
    attempts.put("upload into the version", s3 -> uploadInto(s3, victim, version));
    attempts.put(
        "copy into the version",
        s3 ->
            s3.copyObject(
                it ->
                    it.sourceBucket(bucket)
                        .sourceKey(victim)
                        .destinationBucket(bucket)
                        .destinationKey(victim)
                        .metadataDirective(MetadataDirective.REPLACE)
                        .overrideConfiguration(
                            more -> more.putRawQueryParameter("versionId", version))));
    attempts.put("unpack a tar into the version", s3 -> unpackInto(s3, victim, version));
    attempts.put(
        "write as unversioned",
        s3 -> putInto(s3, victim, io.pgbackup.store.ObjectVersion.UNVERSIONED));
    attempts.put(
        "read a neighbour", s3 -> s3.getObjectAsBytes(it -> it.bucket(bucket).key(neighbour)));
    attempts.put(
        "list neighbours", s3 -> s3.listObjectsV2(it -> it.bucket(bucket).prefix(neighbours)));
    attempts.put(
        "list neighbours' versions",
        s3 -> s3.listObjectVersions(it -> it.bucket(bucket).prefix(neighbours)));
    attempts.put(
        "copy a neighbour",
        s3 ->
            s3.copyObject(
                it ->
                    it.sourceBucket(bucket)
                        .sourceKey(neighbour)
                        .destinationBucket(bucket)
                        .destinationKey(victim)));
    attempts.put(
        "write into a neighbour's folder",
        s3 ->
            s3.putObject(
                it -> it.bucket(bucket).key(neighbour), RequestBody.fromBytes(new byte[1])));
    attempts.put("list the bucket", s3 -> s3.listObjectsV2(it -> it.bucket(bucket)));
    Map<String, Integer> done = new LinkedHashMap<>();
    attempts.forEach(
        (name, attempt) -> {
          try {
            attempt.accept(thief);
            done.put(name, 200);
          } catch (S3Exception e) {
            if (e.statusCode() != 403
                && !String.valueOf(e.getMessage()).contains("WORM protected")) {
              done.put(name + ": " + e.getMessage(), e.statusCode());
            }
          }
        });
    return done;
  }

  private void deleteInABatch(S3Client s3, String key, String version) {
    DeleteObjectsResponse answer =
        s3.deleteObjects(
            it ->
                it.bucket(bucket)
                    .delete(
                        delete ->
                            delete.objects(
                                ObjectIdentifier.builder().key(key).versionId(version).build())));
    if (!answer.errors().isEmpty()) {
      throw refused();
    }
  }

  private static S3Exception refused() {
    return (S3Exception) S3Exception.builder().statusCode(403).message("refused").build();
  }

  private void putInto(S3Client s3, String key, String version) {
    s3.putObject(
        it ->
            it.bucket(bucket)
                .key(key)
                .overrideConfiguration(more -> more.putRawQueryParameter("versionId", version)),
        RequestBody.fromBytes(new byte[1]));
  }

  private void uploadInto(S3Client s3, String key, String version) {
    String upload = s3.createMultipartUpload(it -> it.bucket(bucket).key(key)).uploadId();
    String tag =
        s3.uploadPart(
                it -> it.bucket(bucket).key(key).uploadId(upload).partNumber(1),
                RequestBody.fromBytes(new byte[1]))
            .eTag();
    s3.completeMultipartUpload(
        it ->
            it.bucket(bucket)
                .key(key)
                .uploadId(upload)
                .multipartUpload(
                    parts -> parts.parts(CompletedPart.builder().partNumber(1).eTag(tag).build()))
                .overrideConfiguration(more -> more.putRawQueryParameter("versionId", version)));
  }

  /// MinIO unpacks a tar whose entries name the versions that they replace.
  private void unpackInto(S3Client s3, String key, String version) {
    int slash = key.lastIndexOf('/');
    s3.putObject(
        it ->
            it.bucket(bucket)
                .key(key.substring(0, slash + 1) + "t.tar")
                .metadata(
                    Map.of(
                        "snowball-auto-extract",
                        "true",
                        "minio-snowball-prefix",
                        key.substring(0, slash))),
        RequestBody.fromBytes(tar(key.substring(slash + 1), version)));
  }

  private static byte[] tar(String name, String version) {
    String record = " minio.versionId=" + version + "\n";
    String pax = record.length() + 2 + record;
    ByteArrayOutputStream tar = new ByteArrayOutputStream();
    tar.writeBytes(header("pax", 'x', pax.length()));
    tar.writeBytes(padded(pax));
    tar.writeBytes(header(name, '0', 4));
    tar.writeBytes(padded("evil"));
    tar.writeBytes(new byte[1024]);
    return tar.toByteArray();
  }

  private static byte[] padded(String content) {
    byte[] block = new byte[512];
    byte[] bytes = content.getBytes(ascii());
    System.arraycopy(bytes, 0, block, 0, bytes.length);
    return block;
  }

  private static byte[] header(String name, char type, int size) {
    byte[] header = padded(name);
    List<String> fields = new ArrayList<>();
    fields.add("0000644\0");
    fields.add("0000000\0");
    fields.add("0000000\0");
    fields.add("%011o\0".formatted(size));
    fields.add("%011o\0".formatted(Instant.now().getEpochSecond()));
    fields.add("        ");
    fields.add(String.valueOf(type));
    byte[] rest = String.join("", fields).getBytes(ascii());
    System.arraycopy(rest, 0, header, 100, rest.length);
    byte[] magic = "ustar\00000".getBytes(ascii());
    System.arraycopy(magic, 0, header, 257, magic.length);
    int sum = 0;
    for (byte octet : header) {
      sum += octet & 0xFF;
    }
    byte[] checksum = "%06o\0 ".formatted(sum).getBytes(ascii());
    System.arraycopy(checksum, 0, header, 148, checksum.length);
    return header;
  }

  @Override
  public void close() {
    thief.close();
    owner.close();
  }
}
