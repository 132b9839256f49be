// Run by mongosh: afterwards the server is a replica set of one, and has the services' user with
// today's password. Again and again does no harm; exits with 1 if it cannot be done.
const read = (name) => require("fs").readFileSync(`/run/secrets/${name}`, "utf8").trim();

const root = encodeURIComponent(read("mongo_root_password"));
const admin = new Mongo(`mongodb://root:${root}@mongo:27017/?directConnection=true`).getDB("admin");
try {
  admin.adminCommand({ replSetGetStatus: 1 });
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error;
  admin.adminCommand({
    replSetInitiate: { _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] },
  });
}
while (!admin.hello().isWritablePrimary) sleep(200);

const rights = { pwd: read("mongo_password"), roles: [{ role: "readWrite", db: "helpdesk" }] };
if (admin.getUser("helpdesk")) {
  admin.updateUser("helpdesk", rights);
} else {
  admin.createUser({ user: "helpdesk", ...rights });
}
print("the replica set is there, and its user");
