def migrate(cr, version):
    """Let England's six months commence on the day of receipt, where nobody changed the line.

    SI 2009/309 reg. 14: deadlines that run already keep their date; new ones end a day earlier.
    """
    cr.execute(
        """
        UPDATE care_policy_clock clock
           SET unit = 'months_from_day', cap_unit = 'months_from_day'
          FROM ir_model_data data
         WHERE data.module = 'patient_care_coordination'
           AND data.name = 'clock_england_answer'
           AND data.model = 'care.policy.clock'
           AND data.res_id = clock.id
           AND (clock.amount, clock.unit, clock.cap_amount, clock.cap_unit)
               = (6, 'months', 6, 'months')
        """
    )
