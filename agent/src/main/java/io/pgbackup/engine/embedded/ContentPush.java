package io.pgbackup.engine.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.crypto.Sha256;
import io.pgbackup.engine.BackupListener;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.Settings;
import io.pgbackup.engine.format.Manifest;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.engine.format.TablespaceSpec;
import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.jdbc.BackupStop;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// Carries the content of one open backup to the store: the files, then `pg_control`, then, when
/// the server has left backup mode, the label.
final class ContentPush {
  private final PostgresClient client;
  private final Path dataDirectory;
  private final OpenBackup backup;
  private final BackupParts parts;
  private final Settings settings;

  ContentPush(
      PostgresClient client,
      Path dataDirectory,
      OpenBackup backup,
      BackupParts parts,
      Settings settings) {
    this.client = client;
    this.dataDirectory = dataDirectory;
    this.backup = backup;
    this.parts = parts;
    this.settings = settings;
  }

  PushedContent push(BackupSeal seal, BackupListener listener)
      throws IOException, InterruptedException {
    List<TablespaceLink> tablespaces = TablespaceLink.in(dataDirectory);
    try (PackedFiles packed =
        new PackedFiles(manifestHead(tablespaces), settings.packing().cipher(), listener)) {
      pushFiles(tablespaces, packed);
      pushControlFile(packed);
      requireSameRole();
      BackupStop stop = client.stopBackup(settings.deadlines().checkpoint());
      requireSameStart(stop);
      requireKnownTablespaces(stop, tablespaces);
      pushLabel(stop, packed);
      seal.writeManifest(packed.manifest());
      seal.writeFilesMetadata(packed);
      return new PushedContent(
          stop,
          spec(tablespaces),
          packed.files(),
          parts.content(),
          parts.stored(),
          packed.corruptFiles());
    }
  }

  private void pushFiles(List<TablespaceLink> tablespaces, PackedFiles packed)
      throws IOException, InterruptedException {
    ServerFacts facts = backup.facts();
    DataDirectoryWalk walk =
        new DataDirectoryWalk(dataDirectory, facts.version().major(), tablespaces);
    PackingThreads threads =
        new PackingThreads(
            settings.packingThreads(),
            () ->
                new FilePacker(
                    parts,
                    new SourceReading(settings.throttle()),
                    settings.partSize(),
                    pageCheck(facts),
                    backup.base(),
                    packed));
    List<PackingThreads.Directory> directories = threads.run(walk);
    try (PartWriter part = parts.first()) {
      for (PackingThreads.Directory directory : directories) {
        part.directory(directory.path(), directory.facts());
        packed.directory(directory.path(), directory.facts());
      }
      parts.finish(part);
      packed.finished(part);
    }
  }

  private Optional<PageCheck> pageCheck(ServerFacts facts) {
    return facts.dataChecksums()
        ? Optional.of(new PageCheck(facts.blockSize(), facts.blocksPerFile(), backup.start().lsn()))
        : Optional.empty();
  }

  /// Last of all files: it names the checkpoint that recovery would begin at without a label.
  private void pushControlFile(PackedFiles packed) throws IOException {
    FileFacts facts =
        FileFacts.of(dataDirectory.resolve(ControlFile.PATH), LinkOption.NOFOLLOW_LINKS);
    byte[] content = ControlFileReader.read(dataDirectory);
    try (PartWriter part = parts.named("pg_control")) {
      OutputStream member = part.beginFile(ControlFile.PATH, facts, content.length);
      member.write(content);
      part.endFile();
      parts.finish(part);
      packed.add(manifestFile(ControlFile.PATH, content, part));
    }
  }

  private void pushLabel(BackupStop stop, PackedFiles packed) throws IOException {
    byte[] label = stop.label().getBytes(UTF_8);
    byte[] map = stop.tablespaceMap().getBytes(UTF_8);
    try (PartWriter part = parts.named("backup_label")) {
      part.label("backup_label", label);
      part.label("tablespace_map", map);
      parts.finish(part);
      packed.finished(part);
      packed.add(manifestFile("backup_label", label, part));
      packed.add(manifestFile("tablespace_map", map, part));
    }
  }

  private static ManifestFile manifestFile(String path, byte[] content, PartWriter part) {
    return new ManifestFile(path, content.length, Sha256.hex(content), part.name(), List.of());
  }

  /// PostgreSQL would refuse to stop it too, in words about functions.
  private void requireSameRole() {
    if (backup.facts().inRecovery() && !client.facts().inRecovery()) {
      throw Problem.postgresFailed(
              "the standby was promoted while its base backup was taken",
              "What was copied is no backup. The next one is taken of whatever backup.from names.")
          .asException();
    }
  }

  private void requireSameStart(BackupStop stop) {
    if (!stop.label().contains("(file " + backup.name().startSegment() + ")")) {
      throw Problem.postgresFailed(
              "the server's label is not that of " + backup.name() + ": " + stop.label().strip(),
              "The server changed its timeline meanwhile; start the backup again.")
          .asException();
    }
  }

  /// A tablespace made between the start of the backup and our look at the links is replayed from
  /// WAL, and files of it in the backup would be in the way.
  private static void requireKnownTablespaces(BackupStop stop, List<TablespaceLink> packed) {
    for (TablespaceLink link : packed) {
      if (stop.tablespaceMap().lines().noneMatch(line -> line.startsWith(link.oid() + " "))) {
        throw Problem.postgresFailed(
                "tablespace " + link.oid() + " was created while the backup began",
                "Start the backup again.")
            .asException();
      }
    }
  }

  private Manifest manifestHead(List<TablespaceLink> tablespaces) {
    Map<String, String> names = tablespaces.isEmpty() ? Map.of() : client.tablespaceNames();
    return new Manifest(
        backup.name(),
        tablespaces.stream()
            .map(
                link ->
                    new Manifest.Tablespace(
                        link.oid(),
                        names.getOrDefault(link.oid(), link.oid()),
                        link.location().toString()))
            .toList());
  }

  private Optional<TablespaceSpec> spec(List<TablespaceLink> tablespaces) {
    return tablespaces.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new TablespaceSpec(
                backup.facts().dataDirectory().toString(),
                tablespaces.stream()
                    .map(
                        link ->
                            new TablespaceSpec.Tablespace(
                                link.oid(), link.location().toString(), link.path()))
                    .collect(Collectors.toList())));
  }
}
