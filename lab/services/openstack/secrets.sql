-- What the image could not know: this lab's address and passwords. As often as one likes, on any replica.
CREATE USER IF NOT EXISTS openstack@'%' IDENTIFIED BY '{{service_password}}';
ALTER USER openstack@'%' IDENTIFIED BY '{{service_password}}';
GRANT ALL ON keystone.* TO openstack@'%';
GRANT ALL ON glance.* TO openstack@'%';
GRANT ALL ON placement.* TO openstack@'%';
GRANT ALL ON nova_api.* TO openstack@'%';
GRANT ALL ON nova.* TO openstack@'%';
GRANT ALL ON nova_cell0.* TO openstack@'%';
GRANT ALL ON neutron.* TO openstack@'%';
GRANT ALL ON cinder.* TO openstack@'%';
UPDATE keystone.endpoint SET url = REPLACE(url, '//vip:', '//{{vip}}:');
UPDATE keystone.password JOIN keystone.local_user ON local_user_id = local_user.id
  SET password_hash = IF(local_user.name = 'demo', '{{user_hash}}', '{{service_hash}}');
UPDATE nova_api.cell_mappings SET transport_url = '{{transport_url}}',
  database_connection = 'mysql+pymysql://{{database_user}}@vip/nova?charset=utf8' WHERE name = 'cell1';
UPDATE nova_api.cell_mappings SET database_connection = 'mysql+pymysql://{{database_user}}@vip/nova_cell0?charset=utf8'
  WHERE name = 'cell0';
