package drawbridge.interop;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.auth.keyboard.UserInteraction;
import org.apache.sshd.client.keyverifier.KnownHostsServerKeyVerifier;
import org.apache.sshd.client.keyverifier.RejectAllServerKeyVerifier;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.config.keys.FilePasswordProvider;
import org.apache.sshd.common.config.keys.OpenSshCertificate;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.PublicKeyEntryResolver;
import org.apache.sshd.common.util.security.SecurityUtils;
import org.apache.sshd.sftp.client.SftpClient;
import org.apache.sshd.sftp.client.SftpClient.OpenMode;
import org.apache.sshd.sftp.client.SftpClientFactory;
import org.apache.sshd.sftp.common.SftpConstants;
import org.apache.sshd.sftp.common.SftpException;

/** Apache MINA's client. */
final class MinaLibrary implements Library {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final SshClient client;
  private final SftpClient sftp;

  private MinaLibrary(SshClient client, SftpClient sftp) {
    this.client = client;
    this.sftp = sftp;
  }

  static Library open(Request request) throws Exception {
    SshClient client = SshClient.setUpDefaultClient();
    client.setServerKeyVerifier(
        new KnownHostsServerKeyVerifier(
            RejectAllServerKeyVerifier.INSTANCE, Path.of(request.knownHostsFile())));
    // Neither keys nor settings of whoever runs this.
    client.setKeyIdentityProvider(session -> List.of());
    if (request.kex() != null) {
      client.setKeyExchangeFactories(
          client.getKeyExchangeFactories().stream()
              .filter(factory -> factory.getName().equals(request.kex()))
              .toList());
    }
    if (request.answers() != null) client.setUserInteraction(new Answers(request.answers()));
    client.start();
    ClientSession session =
        client.connect(request.userName(), request.host(), request.port()).verify(TIMEOUT).getSession();
    if (request.keyFile() != null) session.addPublicKeyIdentity(identity(request));
    if (request.password() != null) session.addPasswordIdentity(request.password());
    session.auth().verify(TIMEOUT);
    return new MinaLibrary(client, SftpClientFactory.instance().createSftpClient(session));
  }

  private static KeyPair identity(Request request) throws Exception {
    Path file = Path.of(request.keyFile());
    try (InputStream input = Files.newInputStream(file)) {
      KeyPair pair =
          SecurityUtils.loadKeyPairIdentities(null, file::toString, input, FilePasswordProvider.EMPTY)
              .iterator()
              .next();
      if (request.certificateFile() == null) return pair;
      String line = Files.readString(Path.of(request.certificateFile()));
      OpenSshCertificate certificate =
          (OpenSshCertificate)
              PublicKeyEntry.parsePublicKeyEntry(line)
                  .resolvePublicKey(null, null, PublicKeyEntryResolver.FAILING);
      return new KeyPair(certificate, pair.getPrivate());
    }
  }

  @Override
  public List<Entry> list(String directory) throws IOException {
    return StreamSupport.stream(sftp.readDir(directory).spliterator(), false)
        .map(entry -> new Entry(entry.getFilename(), entry.getAttributes().isDirectory()))
        .toList();
  }

  @Override
  public void put(Path local, String remote) throws IOException {
    sftp.put(local, remote);
  }

  @Override
  public void get(String remote, Path local) throws IOException {
    try (InputStream source = sftp.read(remote)) {
      Files.copy(source, local, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  @Override
  public void resumePut(Path local, String remote) throws IOException {
    long present = sftp.stat(remote).getSize();
    try (InputStream source = Files.newInputStream(local);
        OutputStream target = sftp.write(remote, OpenMode.Write, OpenMode.Append)) {
      source.skipNBytes(present);
      source.transferTo(target);
    }
  }

  @Override
  public void resumeGet(String remote, Path local) throws IOException {
    try (InputStream source = sftp.read(remote);
        OutputStream target = Files.newOutputStream(local, StandardOpenOption.APPEND)) {
      source.skipNBytes(Files.size(local));
      source.transferTo(target);
    }
  }

  @Override
  public void rename(String from, String to) throws IOException {
    sftp.rename(from, to);
  }

  @Override
  public boolean exists(String path) throws IOException {
    try {
      sftp.stat(path);
      return true;
    } catch (SftpException error) {
      if (error.getStatus() == SftpConstants.SSH_FX_NO_SUCH_FILE) return false;
      throw error;
    }
  }

  @Override
  public void makeDirectory(String directory) throws IOException {
    sftp.mkdir(directory);
  }

  @Override
  public void remove(String file) throws IOException {
    sftp.remove(file);
  }

  @Override
  public void removeDirectory(String directory) throws IOException {
    sftp.rmdir(directory);
  }

  @Override
  public void close() throws IOException {
    sftp.close();
    client.close();
  }

  private static final class Answers implements UserInteraction {
    private final List<String> answers;

    Answers(List<String> answers) {
      this.answers = new ArrayList<>(answers);
    }

    @Override
    public String[] interactive(
        ClientSession session, String name, String instruction, String language, String[] prompts, boolean[] echo) {
      List<String> next = answers.subList(0, prompts.length);
      String[] given = next.toArray(String[]::new);
      next.clear();
      return given;
    }

    @Override
    public String getUpdatedPassword(ClientSession session, String prompt, String language) {
      return null;
    }
  }
}
