from . import care_intake, care_patient_import, care_upgrade
